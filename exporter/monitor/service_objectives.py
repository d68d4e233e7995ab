"""Puts OpenSLO documents of several files together: each objective with its indicator, and no name twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import Mistake
from exporter.monitor.openslo import OpenSli, OpenSlo, RatioMetric
from exporter.monitor.positions import Document, KeyPath, format_key
from exporter.monitor.slo import burn_rate_notes
from exporter.monitor.spec import Monitor
from exporter.monitor.suggestion import did_you_mean


@dataclass(frozen=True, slots=True)
class ServiceSlo:
    """An objective of a service, with what it is measured by; the service may be one of the monitors."""

    slo: OpenSlo
    ratio: RatioMetric
    path: Path

    @property
    def service(self) -> str:
        return self.slo.spec.service

    @property
    def name(self) -> str:
        return self.slo.metadata.name

    @property
    def notes(self) -> list[str]:
        """What is no mistake, and should be known."""
        return burn_rate_notes(self.slo.terms)


@dataclass(frozen=True, slots=True)
class OpenSloDocument:
    """A document as it was read, and where."""

    content: OpenSlo | OpenSli
    document: Document
    path: Path

    def mistake(self, key: KeyPath, message: str) -> Mistake:
        return Mistake(str(self.path), self.document.line_of(key), format_key(key), message)


def service_objectives(
    documents: Sequence[OpenSloDocument], monitors: Sequence[Monitor], mistakes: list[Mistake]
) -> list[ServiceSlo]:
    """The objectives in the order of service and name; what does not fit together is added to `mistakes`."""
    indicators: dict[str, RatioMetric] = {}
    for each in documents:
        if isinstance(each.content, OpenSli):
            name = each.content.metadata.name
            if name in indicators:
                mistakes.append(each.mistake(("metadata", "name"), f"a second SLI named {name!r}, expected one"))
            indicators[name] = each.content.spec.ratioMetric
    mistakes += _repeated_objectives(documents, monitors)
    found = []
    for each in documents:
        if isinstance(each.content, OpenSlo):
            ratio = _ratio_of(each.content, indicators)
            if ratio is None:
                mistakes.append(each.mistake(("spec", "indicatorRef"), _no_indicator(each.content, indicators)))
            else:
                found.append(ServiceSlo(each.content, ratio, each.path))
    return sorted(found, key=lambda slo: (slo.service, slo.name))


def _ratio_of(slo: OpenSlo, indicators: dict[str, RatioMetric]) -> RatioMetric | None:
    if slo.spec.indicator is not None:
        return slo.spec.indicator.spec.ratioMetric
    return indicators.get(slo.spec.indicatorRef or "")


def _no_indicator(slo: OpenSlo, indicators: dict[str, RatioMetric]) -> str:
    wanted = slo.spec.indicatorRef or ""
    return f"no SLI named {wanted!r} in these files{did_you_mean(wanted, list(indicators))}"


def _repeated_objectives(documents: Sequence[OpenSloDocument], monitors: Sequence[Monitor]) -> Iterator[Mistake]:
    """Objectives of one service share the name of their series, also with those of a monitor of that name."""
    taken: set[tuple[str, str]] = {(monitor.name, slo.name) for monitor in monitors for slo in monitor.spec.slos}
    for each in documents:
        if isinstance(each.content, OpenSlo):
            service, name = each.content.spec.service, each.content.metadata.name
            if (service, name) in taken:
                yield each.mistake(("metadata", "name"), f"a second objective {name!r} of {service!r}, expected one")
            taken.add((service, name))
