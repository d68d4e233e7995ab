"""Loads monitor files, and finds every mistake in all of them at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exporter.errors import InvalidMonitors, Mistake
from exporter.monitor.consistency import check_consistency
from exporter.monitor.mending import MonitorReading, read_monitor
from exporter.monitor.notes import monitor_notes
from exporter.monitor.openslo_reading import is_openslo, read_openslo
from exporter.monitor.positions import Document, Flaw, KeyPath, UnreadableYaml, format_key, read_documents
from exporter.monitor.service_objectives import OpenSloDocument, ServiceSlo, service_objectives
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

    @property
    def notes(self) -> list[str]:
        """What is no mistake, and should be known."""
        return monitor_notes(self.monitor)

    def beside(self, path: str) -> Path:
        """A path of the monitor, which is relative to its file."""
        return self.path.parent / path


@dataclass(frozen=True, slots=True)
class Loaded:
    """The monitors of one load, in the order of their names, and the OpenSLO objectives beside them."""

    monitors: tuple[LoadedMonitor, ...]
    objectives: tuple[ServiceSlo, ...] = ()


@dataclass(slots=True)
class _Found:
    """What the files hold: the monitors, each with the place of its name, and the documents of OpenSLO."""

    monitors: list[tuple[Mistake, LoadedMonitor]] = field(default_factory=list)
    openslo: list[OpenSloDocument] = field(default_factory=list)


def load_monitors(paths: Sequence[Path], check_expressions: ExpressionCheck = lambda _: ()) -> Loaded:
    """The monitors and OpenSLO objectives in files and folders (`*.yaml`, `*.yml`, at any depth); InvalidMonitors with
    every mistake.

    `check_expressions` is `exporter.derive.sql.check_expressions` wherever monitors are loaded to be used.
    """
    mistakes: list[Mistake] = []
    found = _Found()
    for path in _files(paths, mistakes):
        _load_file(path, check_expressions, mistakes, found)
    mistakes += _repeated_names(found.monitors)
    monitors = sorted((monitor for _, monitor in found.monitors), key=lambda loaded: loaded.name)
    objectives = service_objectives(found.openslo, [loaded.monitor for loaded in monitors], mistakes)
    if mistakes:
        raise InvalidMonitors(mistakes)
    return Loaded(tuple(monitors), tuple(objectives))


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
    found: _Found,
) -> None:
    """Adds the file's mistakes to `mistakes`, and what it holds to `found`."""
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
        if is_openslo(document):
            _load_openslo(path, document, mistakes, found)
            continue
        reading = read_monitor(document)
        flaws = [*document.flaws, *reading.flaws, *_flaws_across_keys(reading, document, check_expressions)]
        mistakes += [_mistake(path, flaw) for flaw in sorted(flaws, key=_place)]
        if reading.monitor is not None and not reading.is_broken(("metadata", "name")):
            found.monitors.append((_place_of_name(path, document), _loaded(reading.monitor, path)))


def _load_openslo(path: Path, document: Document, mistakes: list[Mistake], found: _Found) -> None:
    content, flaws = read_openslo(document)
    mistakes += [_mistake(path, flaw) for flaw in sorted([*document.flaws, *flaws], key=_place)]
    if content is not None:
        found.openslo.append(OpenSloDocument(content, document, path))


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


def _place(flaw: Flaw) -> tuple[int, str]:
    return flaw.line, str(flaw.key)


def _mistake(path: Path, flaw: Flaw) -> Mistake:
    return Mistake(str(path), flaw.line, format_key(flaw.key), flaw.message)


def _loaded(monitor: Monitor, path: Path) -> LoadedMonitor:
    return LoadedMonitor(monitor, path, hashlib.sha256(monitor.model_dump_json().encode()).hexdigest())
