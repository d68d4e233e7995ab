"""A page of `/metrics`, parsed: its series by name and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

Identity = tuple[str, frozenset[tuple[str, str]]]
"""A series: its name and its labels."""


@dataclass(frozen=True, slots=True)
class ParsedScrape:
    """Every series of one page."""

    series: Mapping[Identity, float]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the series of that name with these labels; KeyError when there is none."""
        found = list(self.values(name, **labels))
        if not found:
            raise KeyError(f"{name}{labels}")
        return sum(found)

    def values(self, name: str, **labels: str) -> Iterator[float]:
        wanted = frozenset(labels.items())
        for (series, its), value in self.series.items():
            if series == name and wanted <= its:
                yield value

    def sums(self, name: str, by: str, **labels: str) -> dict[str, float]:
        """The sums of the series of that name for each value of the label `by`."""
        wanted, sums = frozenset(labels.items()), dict[str, float]()
        for (series, its), value in self.series.items():
            if series == name and wanted <= its:
                key = dict(its).get(by, "")
                sums[key] = sums.get(key, 0.0) + value
        return sums


def parse_scrape(text: str, *, is_openmetrics: bool = False) -> ParsedScrape:
    """Reads either format; ValueError when it is not well formed, or holds a series twice."""
    series: dict[Identity, float] = {}
    for family in (parse_openmetrics if is_openmetrics else parse_text)(text):
        for sample in family.samples:
            identity = (sample.name, frozenset(sample.labels.items()))
            if identity in series:
                raise ValueError(f"{sample.name}{sample.labels} stands there twice")
            series[identity] = sample.value
    return ParsedScrape(series)
