"""The families of a prometheus_client registry: the exporter's own process, and what others plug in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from prometheus_client import Metric as ClientMetric
from prometheus_client.exposition import generate_latest as generate_text
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.expose.formats import ExpositionFormat

END_OF_OPENMETRICS = b"# EOF\n"
_log = logging.getLogger(__name__)


def render_registry(registry: CollectorRegistry, chosen: ExpositionFormat) -> bytes:
    """Without the end mark. A collector that raises costs itself and those after it, a broken family only itself."""
    return b"".join(_render(family, chosen) for family in _collect(registry))


class _OneFamily(Collector):
    def __init__(self, family: ClientMetric) -> None:
        self._family = family

    def collect(self) -> Iterable[ClientMetric]:
        return [self._family]


def _collect(registry: CollectorRegistry) -> Iterator[ClientMetric]:
    try:
        yield from registry.collect()
    except Exception:  # noqa: BLE001 - whatever a plugged-in collector raises
        _log.exception("a collector of the registry failed; its series are missing from this scrape")


def _render(family: ClientMetric, chosen: ExpositionFormat) -> bytes:
    try:
        if chosen is ExpositionFormat.OPENMETRICS:
            text: bytes = generate_openmetrics(_OneFamily(family))  # type: ignore[no-untyped-call]  # not annotated
            return text.removesuffix(END_OF_OPENMETRICS)
        return generate_text(_OneFamily(family))
    except Exception:  # noqa: BLE001 - the client raises what it happens to meet, such as UnicodeEncodeError
        _log.exception("the family %s could not be rendered; it is missing from this scrape", family.name)
        return b""
