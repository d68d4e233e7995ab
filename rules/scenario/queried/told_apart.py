"""Series that selectors tell apart: for each set of selectors, one that just these find."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import NamedTuple

from rules.dependencies import Selector
from rules.scenario.queried.matching_text import is_match, matching_texts
from rules.scenario.queried.undriven import UndrivenQuery

_TRIED = 20_000
"""Label sets that are tried for a metric."""
_ABSENT, _ANOTHER = "", "another"
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


class QueriedSeries(NamedTuple):
    """A series without the label of its replica."""

    name: str
    labels: tuple[tuple[str, str], ...]


def told_apart(selectors: Sequence[Selector]) -> list[QueriedSeries]:
    """In the order of the selectors; UndrivenQuery where one names no metric, or a pattern cannot be tried."""
    if any(not _NAME.fullmatch(selector.name) for selector in selectors):
        raise UndrivenQuery("a selector names no metric, or one that promtool cannot write")
    by_name = dict.fromkeys(selector.name for selector in selectors)
    return [series for name in by_name for series in _of_metric(name, [s for s in selectors if s.name == name])]


def finds(selector: Selector, series: QueriedSeries) -> bool:
    """Whether the selector selects the series; a label that is absent is empty."""
    labels = dict(series.labels)
    return selector.name == series.name and all(
        _holds(labels.get(label, _ABSENT), operator, value) for label, operator, value in selector.matchers
    )


def _of_metric(name: str, selectors: Sequence[Selector]) -> list[QueriedSeries]:
    first: dict[frozenset[Selector], QueriedSeries] = {}
    for series in islice(_thinkable(name, selectors), _TRIED):
        found = frozenset(selector for selector in selectors if finds(selector, series))
        if found:
            first.setdefault(found, series)
    return list(first.values())


def _thinkable(name: str, selectors: Sequence[Selector]) -> Iterator[QueriedSeries]:
    """Every choice of a value for each label that a selector speaks of."""
    labels = list(dict.fromkeys(label for selector in selectors for label, _, _ in selector.matchers))
    for values in product(*(_values(label, selectors) for label in labels)):
        yield QueriedSeries(name, tuple((key, text) for key, text in zip(labels, values, strict=True) if text))


def _values(label: str, selectors: Sequence[Selector]) -> list[str]:
    found = [_ABSENT]
    for selector in selectors:
        for name, operator, value in selector.matchers:
            if name == label:
                found += [value] if operator in ("=", "!=") else matching_texts(value)
    return list(dict.fromkeys([*found, _ANOTHER]))


def _holds(text: str, operator: str, value: str) -> bool:
    if operator in ("=", "!="):
        return (text == value) == (operator == "=")
    return is_match(value, text) == (operator == "=~")
