"""Numbers and times that come as text, whole columns at once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import Booleans, Floats
from exporter.decode.reading import Reading

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_NOT_FINITE = {"nan": np.nan, "inf": np.inf, "+inf": np.inf, "-inf": -np.inf}
_NOT_FINITE |= {"infinity": np.inf, "+infinity": np.inf, "-infinity": -np.inf}
_ZONE = r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
_DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([ T]([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?)"
_WITH_ZONE = f"{_DATE}{_TIME}{_ZONE}$"
_WITHOUT_ZONE = f"{_DATE}{_TIME}?$"
_MICROSECONDS = 1e6
_TIMES = (
    (pa.timestamp("us", "UTC"), 1e6),
    (pa.timestamp("ns", "UTC"), 1e9),
    (pa.timestamp("us"), 1e6),
    (pa.timestamp("ns"), 1e9),
)
"""What a column of times in one style is cast to, and its units a second; tried in this order."""


def numbers_in(texts: Any) -> Reading:
    """The numbers that the texts spell. Missing: null, empty text, `nan`. Mistyped: what is no number."""
    with suppress(pa.ArrowInvalid):
        return Reading(floats_of(texts.cast(pa.float64())))
    texts = pc.utf8_trim_whitespace(texts)
    is_number = _matches(texts, _NUMBER)
    values = floats_of(_only(texts, is_number).cast(pa.float64()))
    mistyped = ~is_number & ~_matches(texts, "^$", where_null=True)
    lower = pc.utf8_lower(_only(texts, mistyped))
    for spelling, value in _NOT_FINITE.items():
        rows = pc.equal(lower, pa.scalar(spelling, lower.type)).fill_null(False).to_numpy(zero_copy_only=False)
        values = np.where(rows, value, values)
        mistyped &= ~rows
    return Reading(values, mistyped if mistyped.any() else None)


def times_in(texts: Any, units_per_second: float) -> Reading:
    """Seconds since the epoch of the times that the texts tell: RFC 3339, without a zone UTC; or a number in the unit.

    Missing: null and empty text. Mistyped: what is no time.
    """
    for time_type, scale in _TIMES:
        with suppress(pa.ArrowInvalid):
            return Reading(_seconds(texts.cast(time_type), scale))
    texts = pc.utf8_upper(pc.utf8_trim_whitespace(texts))
    seconds = np.full(len(texts), np.nan)
    mistyped = ~_matches(texts, "^$", where_null=True)
    for pattern, time_type in ((_WITH_ZONE, pa.timestamp("us", "UTC")), (_WITHOUT_ZONE, pa.timestamp("us"))):
        rows = _matches(texts, pattern)
        found = _calendar_times(texts.filter(pa.array(rows)), time_type)
        seconds[rows] = found
        mistyped[rows] = np.isnan(found)
    rows = _matches(texts, _NUMBER)
    seconds[rows] = floats_of(texts.filter(pa.array(rows)).cast(pa.float64())) / units_per_second
    mistyped &= ~rows
    return Reading(seconds, mistyped if mistyped.any() else None)


def floats_of(array: Any) -> Floats:
    """A float64 array's values, NaN where null; no copy where there is no null."""
    values: Floats = array.to_numpy(zero_copy_only=array.null_count == 0)
    return values


def _calendar_times(texts: Any, time_type: Any) -> Floats:
    """Seconds; NaN for a day that its month does not have. Parts of a second below the microsecond are dropped."""
    texts = pc.replace_substring_regex(texts, r"(\.\d{6})\d+", r"\1")
    with suppress(pa.ArrowInvalid):
        return _seconds(texts.cast(time_type), _MICROSECONDS)
    is_date = np.array([_is_date(text) for text in pc.utf8_slice_codeunits(texts, 0, 10).to_pylist()], dtype=np.bool_)
    return _seconds(_only(texts, is_date).cast(time_type), _MICROSECONDS)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _seconds(times: Any, scale: float) -> Floats:
    """Seconds since the epoch, NaN where null."""
    counts = times.cast(pa.int64())
    if counts.null_count == 0:
        return counts.to_numpy() / scale  # type: ignore[no-any-return]  # pyarrow has no types
    return floats_of(counts.cast(pa.float64(), safe=False)) / scale


def _matches(texts: Any, pattern: str, *, where_null: bool = False) -> Booleans:
    found: Booleans = pc.match_substring_regex(texts, pattern).fill_null(where_null).to_numpy(zero_copy_only=False)
    return found


def _only(texts: Any, rows: Booleans) -> Any:
    """The texts of these rows, null elsewhere."""
    return pc.if_else(pa.array(rows), texts, pa.scalar(None, texts.type))
