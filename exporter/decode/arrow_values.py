"""Reads Arrow columns of any type as the canonical ones; what already fits is not copied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from exporter.batch import Booleans, Reason
from exporter.decode.projection import FieldKind, Projection
from exporter.decode.reading import Reading
from exporter.decode.scalars import outcomes
from exporter.decode.text_values import floats_of, numbers_in, times_in
from exporter.errors import RejectedPayload
from exporter.monitor.spec import canonical_category

EXPANDED_LIMIT_BYTES = 1 << 26
"""Text that a column may hold once written out; a dictionary or a view can repeat one text for each row."""

_TEXT_TYPES = (
    types.is_string,
    types.is_large_string,
    types.is_string_view,
    types.is_binary,
    types.is_large_binary,
    types.is_binary_view,
    types.is_fixed_size_binary,
)
_SCALAR_TYPES = (
    types.is_boolean,
    types.is_integer,
    types.is_floating,
    types.is_decimal,
    types.is_date,
    types.is_time,
    types.is_timestamp,
)
_VIEW = np.dtype([("length", "<i4"), ("rest", "V12")])
_UNITS_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def read_column(array: Any, kind: FieldKind, projection: Projection) -> Reading:
    """The column read as its kind; pyarrow.ArrowException where even pyarrow cannot tell what it holds."""
    if types.is_null(array.type):
        return _nothing(len(array), kind)
    if kind in (FieldKind.NUMBER, FieldKind.SCORE):
        return _numbers(array)
    if kind is FieldKind.TIMESTAMP:
        return _times(array, projection.units_per_second)
    if kind is FieldKind.OUTCOME:
        return outcomes(_as_text(array).values.to_pylist(), projection.positive)
    return _identifiers(array) if kind is FieldKind.ID else _categories(array)


def absent_column(rows: int, kind: FieldKind) -> Reading:
    """A column that the payload does not have."""
    return _nothing(rows, kind)


def _numbers(array: Any) -> Reading:
    array = _plain(array)
    if types.is_float64(array.type):
        return Reading(floats_of(array))
    if types.is_integer(array.type) or types.is_floating(array.type) or types.is_decimal(array.type):
        return Reading(floats_of(array.cast(pa.float64(), safe=False)))
    if _is_text(array.type):
        return numbers_in(_strings(array))
    return _mistyped(array, FieldKind.NUMBER)


def _times(array: Any, units_per_second: float) -> Reading:
    array = _plain(array)
    if types.is_date(array.type):
        array = array.cast(pa.timestamp("ms"))
    if types.is_timestamp(array.type):
        counts = array.view(pa.int64()) if array.null_count == 0 else array.cast(pa.int64())
        return Reading(floats_of(counts.cast(pa.float64(), safe=False)) / _UNITS_PER_SECOND[array.type.unit])
    if _is_text(array.type):
        return times_in(_strings(array), units_per_second)
    reading = _numbers(array)
    return Reading(reading.values / units_per_second, reading.mistyped)


def _identifiers(array: Any) -> Reading:
    array = _plain(array)
    if types.is_integer(array.type):
        return Reading(array.cast(pa.string()))
    return Reading(_strings(array)) if _is_text(array.type) else _mistyped(array, FieldKind.ID)


def _categories(array: Any) -> Reading:
    """A dictionary stays one: its values are read once, however many rows name them."""
    if not types.is_dictionary(array.type):
        return _as_text(array)
    values = _as_text(array.dictionary)
    if values.mistyped is not None or values.values.null_count:
        return _as_text(_plain(array))
    _check_expanded(values.values, array.indices)
    return Reading(pa.DictionaryArray.from_arrays(_sound_indices(array.indices), values.values))


def _as_text(array: Any) -> Reading:
    """Every scalar as `canonical_category` writes it."""
    array = _plain(array)
    if _is_text(array.type):
        return Reading(_strings(array))
    if types.is_floating(array.type):
        encoded = array.cast(pa.float64()).dictionary_encode()
        names = [None if np.isnan(value) else canonical_category(value) for value in encoded.dictionary.to_pylist()]
        return Reading(pa.array(names, pa.string()).take(encoded.indices))
    if _is_scalar(array.type):
        return Reading(array.cast(pa.string()))
    return _mistyped(array, FieldKind.CATEGORY)


def _sound_indices(indices: Any) -> Any:
    """int32 indices; what stands under a null may be anything, and becomes 0."""
    if indices.null_count == 0:
        return indices.cast(pa.int32())
    missing = indices.is_null().to_numpy(zero_copy_only=False)
    return pa.array(indices.fill_null(0).cast(pa.int32()).to_numpy(), mask=missing)


def _plain(array: Any) -> Any:
    """A dictionary written out, within bounds; other columns as they are."""
    if not types.is_dictionary(array.type):
        return array
    if _is_text(array.dictionary.type):
        values = _strings(array.dictionary)
        _check_expanded(values, array.indices)
        return values.take(array.indices)
    return array.dictionary.take(array.indices) if _is_scalar(array.dictionary.type) else array


def _strings(array: Any) -> Any:
    """Text as a string array; views are written out within bounds."""
    if types.is_string(array.type):
        return array
    if types.is_string_view(array.type) or types.is_binary_view(array.type):
        return _written_out(array)
    return array.cast(pa.string())


def _written_out(views: Any) -> Any:
    """Views as strings. A view is 16 bytes and begins with its length; that of a null may point anywhere.

    Validation passes over nulls, and casting does not: it would read where they point (pyarrow 26).
    """
    _, buffer, *texts = views.buffers()
    missing = views.is_null().to_numpy(zero_copy_only=False)
    sound = np.frombuffer(buffer or b"", dtype=_VIEW)[views.offset : views.offset + len(views)].copy()
    sound[missing] = np.zeros(1, _VIEW)
    _check_size(int(sound["length"].sum(dtype=np.int64)))
    present = pa.Array.from_buffers(views.type, len(views), [None, pa.py_buffer(sound), *texts]).cast(pa.string())
    return pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), present) if missing.any() else present


def _check_expanded(values: Any, indices: Any) -> None:
    lengths = pc.binary_length(values)
    if len(values) and (pc.max(lengths).as_py() or 0) * len(indices) > EXPANDED_LIMIT_BYTES:
        _check_size(pc.sum(lengths.cast(pa.int64()).take(indices)).as_py() or 0)


def _check_size(size_bytes: int) -> None:
    if size_bytes > EXPANDED_LIMIT_BYTES:
        detail = f"a column of text takes {size_bytes:,} bytes written out; at most {EXPANDED_LIMIT_BYTES:,}"
        raise RejectedPayload(Reason.TOO_LARGE, detail, status=413)


def _is_text(data_type: Any) -> bool:
    return any(is_kind(data_type) for is_kind in _TEXT_TYPES)


def _is_scalar(data_type: Any) -> bool:
    return any(is_kind(data_type) for is_kind in _SCALAR_TYPES)


def _mistyped(array: Any, kind: FieldKind) -> Reading:
    """Nothing but nulls, and a mark wherever something stood."""
    stood: Booleans = array.is_valid().to_numpy(zero_copy_only=False)
    return Reading(_nothing(len(array), kind).values, stood if stood.any() else None)


def _nothing(rows: int, kind: FieldKind) -> Reading:
    if kind in (FieldKind.ID, FieldKind.CATEGORY):
        return Reading(pa.nulls(rows, pa.string()))
    return Reading(np.full(rows, np.nan))
