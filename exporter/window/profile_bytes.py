"""Profiles as bytes, to be kept for years: a mark, a version, and compressed MessagePack; no code is in them."""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from exporter.errors import CorruptEntry
from exporter.window.distinct_sketch import DistinctSketch
from exporter.window.family_counts import FamilyCounts, FamilyForm, FamilyKey
from exporter.window.moments import Moments
from exporter.window.profile import Profile, ValueSummary
from exporter.window.quantile_sketch import QuantileSketch

VERSION = 1

_MARK = b"INFP"
_FAST = 1


class _FamilyRecord(msgspec.Struct, array_like=True):
    """`counts` and `sums` are both null where the family is absent; its labels are empty then."""

    metric: str
    feature: str
    labels: tuple[tuple[tuple[str, str], ...], ...]
    bounds: tuple[float, ...]
    counts: list[int] | None
    sums: list[float] | None


class _SummaryRecord(msgspec.Struct, array_like=True):
    name: str
    present: int
    distinct: bytes
    moments: Moments | None
    quantiles: bytes | None


class _ProfileRecord(msgspec.Struct, array_like=True):
    rows: int
    labelled: int
    first: float
    last: float
    received: float
    families: list[_FamilyRecord]
    summaries: list[_SummaryRecord]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_ProfileRecord)


def encode_profile(profile: Profile) -> bytes:
    """Bytes that `decode_profile` of this version, or of a later one, reads."""
    record = _ProfileRecord(
        profile.rows,
        profile.labelled,
        profile.first,
        profile.last,
        profile.received,
        [_family_record(key, family) for key, family in profile.families.items()],
        [_summary_record(name, summary) for name, summary in profile.summaries.items()],
    )
    return _MARK + bytes([VERSION]) + zlib.compress(_ENCODER.encode(record), _FAST)


def decode_profile(payload: bytes) -> Profile:
    """The profile that was encoded; CorruptEntry when these bytes are none, or of a version that came later."""
    start = len(_MARK) + 1
    if payload[: len(_MARK)] != _MARK or len(payload) < start:
        raise CorruptEntry(f"{len(payload)} bytes that begin with {payload[:4]!r} are no window profile")
    if payload[len(_MARK)] != VERSION:
        raise CorruptEntry(
            f"a window profile of version {payload[len(_MARK)]}, expected {VERSION}; it was written by another "
            "infranaut: run that one, or let the window be built again from its rows"
        )
    try:
        return _profile(_DECODER.decode(_inflated(payload[start:])))
    except (msgspec.MsgspecError, zlib.error, OverflowError) as error:
        raise CorruptEntry(f"a window profile of {len(payload)} bytes cannot be read: {error}") from error


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(packed)
    if not inflater.eof or inflater.unused_data:
        raise CorruptEntry(f"a window profile of {len(packed)} packed bytes does not end where it should")
    return inflated


def _family_record(key: FamilyKey, family: FamilyCounts | None) -> _FamilyRecord:
    if family is None:
        return _FamilyRecord(*key, labels=(), bounds=(), counts=None, sums=None)
    is_count = family.values.dtype == np.int64
    values = family.values.tolist()
    form = family.form
    return _FamilyRecord(
        *key, form.labels, form.bounds, counts=values if is_count else None, sums=None if is_count else values
    )


def _summary_record(name: str, summary: ValueSummary) -> _SummaryRecord:
    return _SummaryRecord(
        name,
        summary.present,
        summary.distinct.to_bytes(),
        summary.moments,
        None if summary.quantiles is None else summary.quantiles.to_bytes(),
    )


def _profile(record: _ProfileRecord) -> Profile:
    families = {(each.metric, each.feature): _family(each) for each in record.families}
    summaries = {each.name: _summary(each) for each in record.summaries}
    return Profile(record.rows, record.labelled, record.first, record.last, record.received, families, summaries)


def _family(record: _FamilyRecord) -> FamilyCounts | None:
    values = None
    if record.counts is not None:
        values = np.array(record.counts, dtype=np.int64)
    elif record.sums is not None:
        values = np.array(record.sums, dtype=np.float64)
    if values is None:
        return None
    if len(values) != len(record.labels):
        raise CorruptEntry(
            f"{record.metric} of {record.feature!r}: {len(values)} values for {len(record.labels)} labels"
        )
    return FamilyCounts(FamilyForm(record.metric, record.feature, record.labels, record.bounds), values)


def _summary(record: _SummaryRecord) -> ValueSummary:
    return ValueSummary(
        record.present,
        DistinctSketch.from_bytes(record.distinct),
        record.moments,
        None if record.quantiles is None else QuantileSketch.from_bytes(record.quantiles),
    )
