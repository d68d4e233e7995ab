"""Reads a person's file into columns and finds out what each of them is: a number, a category, or a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import Floats
from exporter.cli.demo.rows import Column
from exporter.decode import scalars
from exporter.decode.text_values import numbers_in, times_in
from exporter.reference.data import open_data

MOST_ROWS = 500_000

_BEGINS_WITH_A_DATE = r"^\s*\d{4}-\d\d-\d\d"


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """A column of the file: its values as number or category, and as seconds where all of it reads as times."""

    values: Column
    times: Floats | None


@dataclass(frozen=True, slots=True)
class OwnTable:
    """The columns of a file in its order, and whether rows were left unread because there are too many."""

    path: Path
    columns: Mapping[str, OwnColumn]
    is_cut: bool


def read_own_table(path: Path, most_rows: int = MOST_ROWS) -> OwnTable:
    """The first `most_rows` rows; InvalidReference where the file cannot be read (see `exporter.reference.data`)."""
    data = open_data(path)
    parts: dict[str, list[Any]] = {name: [] for name in data.names}
    rows, is_cut = 0, False
    for chunk in data.chunks(data.names):
        for name, values in chunk.columns.items():
            parts[name].append(values[: most_rows - rows])
        rows += chunk.rows
        if rows >= most_rows:
            is_cut = rows > most_rows or chunk.done < 1
            break
    return OwnTable(path, {name: _own_column(_joined(chunks)) for name, chunks in parts.items()}, is_cut)


def _joined(chunks: Sequence[Any]) -> Any:
    """One Arrow array, or one list of what JSON held."""
    if not chunks:
        return []
    if isinstance(chunks[0], list):
        return [value for chunk in chunks for value in chunk]
    decoded = [chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk for chunk in chunks]
    return pa.concat_arrays(decoded)


def _own_column(values: Any) -> OwnColumn:
    if isinstance(values, list):
        numbers, mistyped = scalars.numbers(values)
        return OwnColumn(numbers, None) if mistyped is None else _text_column(_texts_of_json(values))
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return OwnColumn(_floats(values), None)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        times = _floats(values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())) / 1e6
        return OwnColumn(times, times)
    if pa.types.is_boolean(kind):
        return _text_column(values.cast(pa.string()))
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return OwnColumn(np.full(len(values), np.nan), None)
    texts = values.cast(pa.string())
    reading = numbers_in(texts)
    return OwnColumn(np.array(reading.values), None) if reading.mistyped is None else _text_column(texts)


def _texts_of_json(values: list[Any]) -> Any:
    texts, _ = scalars.categories(values)
    return scalars.text_array(texts)


def _text_column(texts: Any) -> OwnColumn:
    return OwnColumn(np.array(texts.to_pylist(), dtype=object), _times(texts))


def _times(texts: Any) -> Floats | None:
    """Seconds, if every text that is there is a time."""
    present = texts.drop_null()
    if not len(present) or not pc.all(pc.match_substring_regex(present, _BEGINS_WITH_A_DATE)).as_py():
        return None
    reading = times_in(texts, 1.0)
    return reading.values if reading.mistyped is None else None


def _floats(values: Any) -> Floats:
    """float64[n] that may be written to, NaN where null."""
    floats = values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False)
    return np.array(floats, dtype=np.float64)
