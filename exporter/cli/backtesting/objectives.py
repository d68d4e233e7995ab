"""OpenSLO objectives beside a monitor: those that its data can try, and why the others cannot be tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.cli.backtesting.counted import COUNTED, TARGET
from exporter.cli.backtesting.untested import foreign
from exporter.monitor.counter_query import increase_of
from exporter.monitor.service_objectives import ServiceSlo
from rules import names
from rules.dependencies import Selector, selectors


@dataclass(frozen=True, slots=True)
class TriedObjectives:
    """Those that can be tried.

    target   : the labels that a scrape would have added, among them those that the queries ask for.
    untested : by `objective <service>/<name>`, why the data cannot try it.
    """

    objectives: tuple[ServiceSlo, ...] = ()
    target: Mapping[str, str] = field(default_factory=lambda: dict(TARGET))
    untested: Mapping[str, str] = field(default_factory=dict)


def tried_objectives(objectives: Sequence[ServiceSlo], monitor: str) -> TriedObjectives:
    """Those that ask for nothing but what predictions and labels of this monitor tell."""
    asked: dict[str, str] = {}
    tried, untested = list[ServiceSlo](), dict[str, str]()
    for slo in objectives:
        objection = next(_objections(slo, monitor, asked), None)
        if objection is None:
            tried.append(slo)
            asked |= dict(_asked_of_the_target(slo))
        else:
            untested[objective_name(slo)] = objection
    return TriedObjectives(tuple(tried), {**dict(TARGET), **asked}, untested)


def objective_name(slo: ServiceSlo) -> str:
    return f"objective {slo.service}/{slo.name}"


def reads_of(slo: ServiceSlo) -> list[Selector]:
    """What the queries of an objective ask for."""
    sides = (slo.ratio.good, slo.ratio.bad, slo.ratio.total)
    read = [each for side in sides if side is not None for each in selectors(increase_of(side.query, names.SLO_STEP))]
    return list(dict.fromkeys(read))


def _objections(slo: ServiceSlo, monitor: str, asked: Mapping[str, str]) -> Iterator[str]:
    read = reads_of(slo)
    reason = foreign({selector.name or "series without a name" for selector in read})
    if reason is not None:
        yield reason
        return
    for other in (selector.value_of(names.MONITOR) for selector in read):
        if other not in (None, monitor):
            yield f"reads series of the monitor {other}"
    wanted: dict[str, str] = {}
    for label, value in _asked_of_the_target(slo):
        if wanted.setdefault(label, value) != value:
            yield f'asks for {label}="{value}" and for {label}="{wanted[label]}"'
    for label, value in wanted.items():
        if asked.get(label, value) != value:
            yield f'asks for {label}="{value}", one before it for {label}="{asked[label]}"'


def _asked_of_the_target(slo: ServiceSlo) -> Iterator[tuple[str, str]]:
    """Labels that the exporter does not give its series, and that have to have this value."""
    for selector in reads_of(slo):
        own = COUNTED[selector.name]
        yield from (
            (label, value) for label, operator, value in selector.matchers if operator == "=" and label not in own
        )
