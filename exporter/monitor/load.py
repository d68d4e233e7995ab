"""Loads monitor files, and finds every mistake in all of them at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import InvalidMonitors, Mistake
from exporter.monitor.consistency import check_consistency
from exporter.monitor.mending import MonitorReading, read_monitor
from exporter.monitor.positions import Document, Flaw, KeyPath, UnreadableYaml, format_key, read_documents
from exporter.monitor.spec import Monitor

SUFFIXES = (".yaml", ".yml")

ExpressionCheck = Callable[[Monitor], Iterable[tuple[KeyPath, str]]]
"""Finds mistakes in a monitor's SQL: the key of each expression and what is wrong with it."""

_TELLS_COLUMNS = ("type", "field", "sql")


@dataclass(frozen=True, slots=True)
class LoadedMonitor:
    """A monitor, its file, and the SHA-256 of what it says (comments and layout of the file do not count)."""

    monitor: Monitor
    path: Path
    sha256: str

    @property
    def name(self) -> str:
        return self.monitor.name

    def beside(self, path: str) -> Path:
        """A path of the monitor, which is relative to its file."""
        return self.path.parent / path


@dataclass(frozen=True, slots=True)
class Loaded:
    """The monitors of one load, in the order of their names."""

    monitors: tuple[LoadedMonitor, ...]


def load_monitors(paths: Sequence[Path], check_expressions: ExpressionCheck = lambda _: ()) -> Loaded:
    """The monitors in files and folders (`*.yaml`, `*.yml`, at any depth); InvalidMonitors with every mistake.

    `check_expressions` is `exporter.derive.sql.check_expressions` wherever monitors are loaded to be used.
    """
    mistakes: list[Mistake] = []
    found: list[tuple[Mistake, LoadedMonitor]] = []
    for path in _files(paths, mistakes):
        _load_file(path, check_expressions, mistakes, found)
    mistakes += _repeated_names(found)
    if mistakes:
        raise InvalidMonitors(mistakes)
    return Loaded(tuple(sorted((monitor for _, monitor in found), key=lambda loaded: loaded.name)))


def _files(paths: Sequence[Path], mistakes: list[Mistake]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        files = _in_folder(path) if path.is_dir() else [path]
        if not files:
            mistakes.append(Mistake(str(path), 0, "", "no monitors here, expected files named *.yaml or *.yml"))
        for file in files:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _in_folder(folder: Path) -> list[Path]:
    """Sorted; hidden ones are left out (Kubernetes keeps copies of mounted files in `..data`)."""
    files = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return sorted(path for path in files if not _is_hidden(path.relative_to(folder)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _load_file(
    path: Path,
    check_expressions: ExpressionCheck,
    mistakes: list[Mistake],
    found: list[tuple[Mistake, LoadedMonitor]],
) -> None:
    """Adds the file's mistakes to `mistakes` and its monitors, with the place of their names, to `found`."""
    try:
        documents = read_documents(path.read_bytes())
    except OSError as error:
        mistakes.append(Mistake(str(path), 0, "", f"cannot be read: {error.strerror}"))
        return
    except UnreadableYaml as error:
        mistakes.append(Mistake(str(path), error.line, "", str(error)))
        return
    if not documents:
        mistakes.append(Mistake(str(path), 0, "", "holds no monitor"))
    for document in documents:
        reading = read_monitor(document)
        flaws = [*document.flaws, *reading.flaws, *_flaws_across_keys(reading, document, check_expressions)]
        mistakes += [_mistake(path, flaw) for flaw in sorted(flaws, key=lambda flaw: (flaw.line, str(flaw.key)))]
        if reading.monitor is not None and not reading.is_broken(("metadata", "name")):
            found.append((_place_of_name(path, document), _loaded(reading.monitor, path)))


def _flaws_across_keys(
    reading: MonitorReading, document: Document, check_expressions: ExpressionCheck
) -> Iterator[Flaw]:
    if reading.monitor is None:
        return
    for finding in check_consistency(reading.monitor):
        if not any(reading.is_broken(key) for key in (finding.key, *finding.rests_on)):
            yield Flaw(document.line_of(finding.key), finding.key, finding.message)
    if not any(_tells_columns(key) for key in reading.broken):
        for key, message in check_expressions(reading.monitor):
            if not reading.is_broken(key):
                yield Flaw(document.line_of(key), key, message)


def _tells_columns(key: KeyPath) -> bool:
    """Whether SQL cannot be checked while this key is broken: the columns hang on it."""
    is_feature = key[:2] == ("spec", "features")
    return len(key) < 2 or (is_feature and (len(key) <= 3 or key[3] in _TELLS_COLUMNS))


def _repeated_names(found: Sequence[tuple[Mistake, LoadedMonitor]]) -> Iterator[Mistake]:
    first: dict[str, Mistake] = {}
    for place, loaded in found:
        other = first.setdefault(loaded.name, place)
        if other is not place:
            message = f"a monitor named {loaded.name!r} is already in {other.path}:{other.line}"
            yield Mistake(place.path, place.line, place.key, message)


def _place_of_name(path: Path, document: Document) -> Mistake:
    return _mistake(path, Flaw(document.line_of(("metadata", "name")), ("metadata", "name"), ""))


def _mistake(path: Path, flaw: Flaw) -> Mistake:
    return Mistake(str(path), flaw.line, format_key(flaw.key), flaw.message)


def _loaded(monitor: Monitor, path: Path) -> LoadedMonitor:
    return LoadedMonitor(monitor, path, hashlib.sha256(monitor.model_dump_json().encode()).hexdigest())
