"""Tables of events, some columns of them replaced, and what is read of them as a stream."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from exporter.decode.formats import ARROW_STREAM
from tests.support.payloads import as_arrow, decode, events


def events_table(rows: int = 3, **columns: Any) -> Any:
    """Events that nothing is wrong with, but for the columns given; a column of another name is added."""
    table = pa.Table.from_pylist(events(rows)).drop_columns(["error"])
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, values) if place >= 0 else table.append_column(name, values)
    return table


def decode_arrow(table: Any, **options: Any) -> Any:
    return decode(as_arrow(table, **options), ARROW_STREAM)
