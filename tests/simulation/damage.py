"""Damages what is durable, where what is behind it proves that it was; tells which bodies are lost by that."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from exporter.archive.spool.files import first_of
from exporter.archive.spool.frame import FILE_HEADER_BYTES, FileHeader, Frame, decode_file_header, frame_at
from tests.simulation.bodies import decode_body, number_of
from tests.simulation.machine import Machine, SimulatedFile


def damage_something(machine: Machine, directory: Path, rng: random.Random) -> set[int]:
    """Flips bits in a header or a frame of one file, or writes one frame over another."""
    folder = machine.folder(directory)
    names = sorted(name for name in folder if name.endswith(".spool"))
    if not names:
        return set()
    name = rng.choice(names)
    file, header = folder[name], _header(folder, name)
    if header is None or file.dirty:
        return set()
    frames = list(_frames(file, header))
    later = [found.follows for other in names if other > name and (found := _lasting_header(machine, directory, other))]
    proven = max([*later[:1], *(frame.proves for frame in frames)], default=0)
    if later and rng.random() < 0.3:
        machine.damage(file, rng.randrange(FILE_HEADER_BYTES))
        return {_number(frame) for frame in frames}
    targets = [frame for frame in frames if frame.sequence <= proven]
    if not targets:
        return set()
    twins = [(one, two) for one in frames for two in targets if one.start < two.start and _size(one) == _size(two)]
    if twins and rng.random() < 0.5:
        source, target = rng.choice(twins)
        _copy(file, source, target)
    else:
        target = rng.choice(targets)
        machine.damage(file, rng.randrange(target.start, target.end))
    return {_number(target)}


def _lasting_header(machine: Machine, directory: Path, name: str) -> FileHeader | None:
    """Of a file that no loss of power takes away: its name is on the platter too."""
    return _header(folder, name) if name in (folder := machine.platter_folders[str(directory)]) else None


def _header(folder: dict[str, SimulatedFile], name: str) -> FileHeader | None:
    return decode_file_header(bytes(folder[name].platter), first_of(name))


def _frames(file: SimulatedFile, header: FileHeader) -> Iterator[Frame]:
    data, offset, sequence = bytes(file.platter), FILE_HEADER_BYTES, header.first
    while isinstance(frame := frame_at(data, offset, header.salt, sequence), Frame):
        yield frame
        offset, sequence = frame.end, sequence + 1


def _copy(file: SimulatedFile, source: Frame, target: Frame) -> None:
    for content in (file.cache, file.platter):
        content[target.start : target.end] = content[source.start : source.end]


def _size(frame: Frame) -> int:
    return frame.end - frame.start


def _number(frame: Frame) -> int:
    return number_of(decode_body(frame.payload))
