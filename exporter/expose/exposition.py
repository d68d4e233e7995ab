"""The answer to a scrape."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from prometheus_client.registry import CollectorRegistry

from exporter.catalog import CATALOG, COLLECTOR_SUCCESS, Metric
from exporter.expose.block import Block
from exporter.expose.families import FamilySamples, Part, Samples
from exporter.expose.formats import ExpositionFormat, accepts_gzip, choose_format, header
from exporter.expose.gzip_members import GzipMembers, Piece, PieceKey
from exporter.expose.labels import LabelWriter
from exporter.expose.registry import END_OF_OPENMETRICS, render_registry

_OWNER = "exposition"
_SUCCESS_LABELS = ((("collector", _OWNER),),)
_ORDER = {metric.name: index for index, metric in enumerate(CATALOG)}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A response to a scrape."""

    body: bytes
    headers: Mapping[str, str]


class Exposition:
    """Renders parts and a registry; what did not change since the last scrape is neither rendered nor compressed again.

    Families stand in the order of the catalogue, all samples of one together, whichever part they come from. A part
    that raises is logged and left out; `infranaut_collector_success{collector="exposition"}` says so. Not thread-safe.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._writer = LabelWriter()
        self._blocks: dict[PieceKey, Block] = {}
        self._members = {chosen: GzipMembers() for chosen in ExpositionFormat}

    @property
    def replaced_label_values(self) -> int:
        """Label values that were not valid text, since the start."""
        return self._writer.replaced

    def render(self, parts: Iterable[Part], accept: str | None = None, accept_encoding: str | None = None) -> Rendered:
        """The exposition in the format and encoding that the scraper's headers ask for."""
        chosen = choose_format(accept)
        pieces = self._pieces(parts, chosen)
        headers = {"Content-Type": chosen.value, "Vary": "Accept, Accept-Encoding"}
        if accepts_gzip(accept_encoding):
            return Rendered(self._members[chosen].compress(pieces), {**headers, "Content-Encoding": "gzip"})
        return Rendered(b"".join(bytes(piece.text) for piece in pieces), headers)

    def _pieces(self, parts: Iterable[Part], chosen: ExpositionFormat) -> list[Piece]:
        families = self._families(parts)
        pieces = []
        for name in sorted(families, key=lambda name: _ORDER.get(name, len(_ORDER))):
            pieces.append(Piece((name, ""), header(families[name].metric, chosen), 0))
            pieces += [Piece((name, owner), block.text, block.series) for owner, block in families[name].blocks.items()]
        end = END_OF_OPENMETRICS if chosen is ExpositionFormat.OPENMETRICS else b""
        return [*pieces, Piece(("", ""), render_registry(self._registry, chosen) + end, 0)]

    def _families(self, parts: Iterable[Part]) -> dict[str, _Family]:
        """Every family with its blocks, brought up to date; blocks that nobody asked for are forgotten."""
        families: dict[str, _Family] = {}
        blocks: dict[PieceKey, Block] = {}
        failed = 0
        for part in parts:
            try:
                updated = self._updated(part.collect(), blocks)
            except Exception:  # noqa: BLE001 - one part must never cost the scrape, whatever is wrong with it
                _log.exception("%s could not be exposed; its series are missing from this scrape", part.name)
                failed += 1
            else:
                _add(families, blocks, updated)
        _add(families, blocks, self._updated([_success(failed == 0)], blocks))
        self._blocks = blocks
        return families

    def _updated(self, part: Iterable[FamilySamples], taken: Mapping[PieceKey, Block]) -> dict[PieceKey, _OwnedBlock]:
        updated: dict[PieceKey, _OwnedBlock] = {}
        for samples in part:
            key = (samples.metric.name, samples.owner)
            if key in updated or key in taken:
                raise ValueError(f"{samples.owner} gives {samples.metric.name} twice")
            block = self._blocks.get(key) or Block()
            block.update(samples, self._writer)
            updated[key] = (samples.metric, block)
        return updated


_OwnedBlock = tuple[Metric, Block]


@dataclass(slots=True)
class _Family:
    metric: Metric
    blocks: dict[str, Block] = field(default_factory=dict)


def _add(families: dict[str, _Family], blocks: dict[PieceKey, Block], updated: Mapping[PieceKey, _OwnedBlock]) -> None:
    for key, (metric, block) in updated.items():
        blocks[key] = block
        if block.series:
            families.setdefault(metric.name, _Family(metric)).blocks[key[1]] = block


def _success(is_success: bool) -> Samples:
    return Samples(COLLECTOR_SUCCESS, _OWNER, ((),), _SUCCESS_LABELS, np.array([int(is_success)]))
