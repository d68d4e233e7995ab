"""Finds the built reference of a monitor and checks that the two fit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.errors import InvalidReference
from exporter.monitor.load import Loaded, LoadedMonitor
from exporter.monitor.spec import Monitor
from exporter.reference.document import FeatureReference, NumberReference, Reference, load_reference

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundReference:
    """A monitor's reference; None where it has none, with a warning where it should have one."""

    reference: Reference | None
    warning: str | None = None


def load_references(loaded: Loaded, warn: Callable[[str], None] = _log.warning) -> dict[str, Reference | None]:
    """The references of all loaded monitors by name, None where there is none; `warn` is told of those that should be.

    InvalidReference when a document is there and cannot be used with its monitor.
    """
    references = {}
    for monitor in loaded.monitors:
        found = load_reference_of(monitor)
        references[monitor.name] = found.reference
        if found.warning:
            warn(found.warning)
    return references


def load_reference_of(loaded: LoadedMonitor) -> FoundReference:
    """The reference of one monitor, with exactly the monitor's features in its order."""
    source = loaded.monitor.spec.reference
    if source is None:
        return FoundReference(None)
    path, command = loaded.beside(source.document), build_command(loaded)
    if not path.exists():
        warning = f"monitor {loaded.name!r}: {path} is not there, so drift is not computed; build it with: {command}"
        return FoundReference(None, warning)
    reference = load_reference(path)
    if problems := _misfits(loaded.monitor, reference):
        raise InvalidReference(f"{path}: {'; '.join(problems)}; build it again with: {command}")
    return FoundReference(replace(reference, features={name: reference.features[name] for name in _names(loaded)}))


def build_command(loaded: LoadedMonitor) -> str:
    source = loaded.monitor.spec.reference
    is_built = source is not None and source.path.endswith(".json")
    return f"infranaut reference build --monitor {loaded.path}{' --data FILE' if is_built else ''}"


def _names(loaded: LoadedMonitor) -> list[str]:
    return list(loaded.monitor.spec.features)


def _misfits(monitor: Monitor, reference: Reference) -> list[str]:
    if reference.monitor != monitor.name:
        return [f"the reference of monitor {reference.monitor!r}, expected {monitor.name!r}"]
    task = monitor.spec.model.task
    kinds = {name: feature.type for name, feature in monitor.spec.features.items()}
    problems = [_misfit(f"feature {name!r}", kind, reference.features.get(name)) for name, kind in kinds.items()]
    kind = "category" if task == "multiclass" else "number"
    problems.append(_misfit(f"the prediction of a {task} model", kind, reference.prediction))
    return [problem for problem in problems if problem]


def _misfit(what: str, kind: str, built: FeatureReference | None) -> str | None:
    if built is None:
        return f"{what} is not in it"
    built_kind = "number" if isinstance(built, NumberReference) else "category"
    return None if built_kind == kind else f"{what} is a {kind}, and a {built_kind} in the reference"


def default_data(loaded: LoadedMonitor) -> Path | None:
    """The data that the monitor names; None where it names the built reference, or nothing."""
    source = loaded.monitor.spec.reference
    return None if source is None or source.path.endswith(".json") else loaded.beside(source.path)
