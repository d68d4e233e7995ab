"""Renders `/metrics`: blocks of one family and one owner, each made again only when its values changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from isal import isal_zlib
from prometheus_client import CollectorRegistry
from prometheus_client import generate_latest as generate_text
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.catalog import CATALOG, Metric
from exporter.expose.negotiation import Agreed
from exporter.expose.text import header, lines

OWN_MEMBER_BYTES = 8_192
"""A block at least this long has a gzip member of its own; shorter ones are compressed together."""

_GZIP_WINDOW_BITS = 31
_LEVEL = 1
_END = b"# EOF\n"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of one family that one owner (a monitor, or the exporter itself) has.

    prefixes : everything of each sample but its value; the same tuple as long as the labels are the same.
    values   : int64[n] or float64[n].
    """

    metric: Metric
    owner: str
    prefixes: tuple[bytes, ...]
    values: npt.NDArray[np.generic]


@dataclass(slots=True)
class _Block:
    """A rendered block, and its gzip member once somebody asked for it."""

    samples: Samples
    text: bytes
    member: bytes | None = None

    def is_of(self, samples: Samples) -> bool:
        same_labels = self.samples.prefixes is samples.prefixes
        return same_labels and np.array_equal(self.samples.values, samples.values, equal_nan=_is_float(samples))


class Exposition:
    """Renders samples, and after them what a prometheus_client registry holds (process metrics, plug-ins)."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._registry = registry
        self._blocks: dict[tuple[str, str], _Block] = {}
        self._headers: dict[tuple[str, bool], bytes] = {}

    def render(self, samples: Iterable[Samples], agreed: Agreed) -> bytes:
        """The whole response body; families in the order of the catalogue, the samples of each together."""
        pieces = list(self._pieces(samples, agreed.is_openmetrics))
        pieces.append(self._foreign(agreed.is_openmetrics))
        if not agreed.is_gzip:
            return b"".join(piece if isinstance(piece, bytes) else piece.text for piece in pieces)
        return b"".join(_members(pieces))

    def _pieces(self, samples: Iterable[Samples], is_openmetrics: bool) -> Iterable[bytes | _Block]:
        by_family: dict[str, list[Samples]] = {}
        for item in samples:
            if len(item.values):
                by_family.setdefault(item.metric.name, []).append(item)
        blocks: dict[tuple[str, str], _Block] = {}
        for metric in CATALOG:
            family = by_family.get(metric.name)
            if not family:
                continue
            yield self._header(metric, is_openmetrics)
            for item in family:
                block = blocks[metric.name, item.owner] = self._block(item)
                yield block
        self._blocks = blocks

    def _block(self, samples: Samples) -> _Block:
        known = self._blocks.get((samples.metric.name, samples.owner))
        if known is not None and known.is_of(samples):
            return known
        return _Block(samples, lines(samples.prefixes, samples.values))

    def _header(self, metric: Metric, is_openmetrics: bool) -> bytes:
        key = (metric.name, is_openmetrics)
        if key not in self._headers:
            self._headers[key] = header(metric, is_openmetrics=is_openmetrics)
        return self._headers[key]

    def _foreign(self, is_openmetrics: bool) -> bytes:
        """What the registry holds; one that fails costs its own samples only."""
        ending = _END if is_openmetrics else b""
        if self._registry is None:
            return ending
        try:
            generate = generate_openmetrics if is_openmetrics else generate_text
            foreign: bytes = generate(self._registry)
        except Exception:  # the registry is open to collectors of others
            log.exception("a collector in the registry failed; its samples are missing from this scrape")
            return ending
        return foreign


def _members(pieces: Sequence[bytes | _Block]) -> Iterable[bytes]:
    """Gzip members that concatenate to the whole: long blocks each in its own, kept for the next time."""
    gathered: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, _Block) and len(piece.text) >= OWN_MEMBER_BYTES:
            if gathered:
                yield _compressed(b"".join(gathered))
                gathered = []
            if piece.member is None:
                piece.member = _compressed(piece.text)
            yield piece.member
        else:
            gathered.append(piece if isinstance(piece, bytes) else piece.text)
    if gathered:
        yield _compressed(b"".join(gathered))


def _compressed(text: bytes) -> bytes:
    member: bytes = isal_zlib.compress(text, _LEVEL, _GZIP_WINDOW_BITS)
    return member


def _is_float(samples: Samples) -> bool:
    return samples.values.dtype.kind == "f"
