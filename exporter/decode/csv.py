"""CSV with a header line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from exporter.batch import Booleans, Decoded, RawRecords, Reason, Reject
from exporter.decode.acceptance import accept
from exporter.decode.arrow_values import absent_column, read_column
from exporter.decode.json_lines import BYTE_ORDER_MARK
from exporter.decode.projection import PayloadField, Projection
from exporter.decode.reading import ROW_LIMIT, Reading
from exporter.errors import RejectedPayload

_FIRST_LINE = re.compile(rb"[\r\n]*([^\r\n]*)")
_FIELD = rb'(?:"(?:[^"]+|"")*+(?:"|\Z)[^,\r\n]*+|[^",\r\n][^,\r\n]*+|)'
_ROW = re.compile(rb"(?:" + _FIELD + rb",)*+" + _FIELD + rb"(?:\r\n|\r|\n|\Z)")
_ROWS_BEFORE_THE_FIRST = 2
_ESCAPED = re.compile("[\udc80-\udcff]")
_NO_CHARACTER = "\ufdd0"
"""A code point that Unicode keeps free of characters; it stands for bytes that are not UTF-8."""


class CsvDecoder:
    """Reads every field as text; an empty one is missing, and a line with too many or too few is set aside."""

    def __init__(self, projection: Projection, row_limit: int = ROW_LIMIT) -> None:
        self._projection = projection
        self._row_limit = row_limit

    def decode(self, body: bytes) -> Decoded:
        body = body.removeprefix(BYTE_ORDER_MARK)
        if body.count(b"\n") > self._row_limit + 1:
            detail = f"more than {self._row_limit:,} lines in the body"
            raise RejectedPayload(Reason.TOO_LARGE, detail, status=413)
        self._check_header(body)
        uneven: list[tuple[int, str]] = []
        try:
            table = self._read(_readable(body), uneven)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise RejectedPayload(Reason.MALFORMED, f"the body is no CSV with a header: {error}") from error
        return self._accept(body, table, uneven)

    def _check_header(self, body: bytes) -> None:
        """The monitor's fields stand in it at most once, and at least one of them does."""
        header = _FIRST_LINE.match(body)
        names = next(csv.reader([header[1].decode("utf-8", "replace")]), []) if header else []
        wanted = [name for name in names if name in self._projection.names()]
        if len(set(wanted)) < len(wanted):
            repeated = next(name for name in wanted if wanted.count(name) > 1)
            raise RejectedPayload(Reason.MALFORMED, f"column {repeated!r} stands twice in the header")
        if not wanted:
            expected = ", ".join(self._projection.names())
            detail = f"the first line must name the columns; none of the monitor's fields is in it: {expected}"
            raise RejectedPayload(Reason.MALFORMED, detail)

    def _read(self, body: bytes, uneven: list[tuple[int, str]]) -> Any:
        """A table of text; lines with another number of fields than the header are told in `uneven`."""

        def set_aside(row: Any) -> str:
            detail = f"{row.actual_columns} fields where the header has {row.expected_columns}"
            uneven.append((row.number - _ROWS_BEFORE_THE_FIRST, detail))
            return "skip"

        names = list(self._projection.names())
        return arrow_csv.read_csv(
            pa.BufferReader(body),
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(body) + 1),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=names,
                include_missing_columns=True,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        ).combine_chunks()

    def _accept(self, body: bytes, table: Any, uneven: list[tuple[int, str]]) -> Decoded:
        raw = RawRecords(_raw_rows(body))
        rejects = [Reject(position, Reason.MALFORMED, detail, raw[position]) for position, detail in uneven]
        positions = np.delete(np.arange(table.num_rows + len(uneven)), [position for position, _ in uneven])
        broken = _not_unicode(table)
        if broken.any():
            set_aside = positions[broken].tolist()
            rejects += [Reject(position, Reason.NOT_UNICODE, "not UTF-8", raw[position]) for position in set_aside]
            table, positions = table.filter(pa.array(~broken)), positions[~broken]
        readings = {field.column: self._reading(field, table) for field in self._projection.fields}
        rejects.sort(key=lambda reject: reject.position)
        return accept(self._projection, readings, positions, rejects, raw)

    def _reading(self, field: PayloadField, table: Any) -> Reading:
        column = table.column(field.name)
        if not column.num_chunks:
            return absent_column(0, field.kind)
        return read_column(column.combine_chunks(), field.kind, self._projection)


def _readable(body: bytes) -> bytes:
    """The body as UTF-8 that ends with a newline; bytes that are none become a character that no text holds."""
    try:
        body.decode()
    except UnicodeDecodeError:
        body = _ESCAPED.sub(_NO_CHARACTER, body.decode("utf-8", "surrogateescape")).encode()
    return body if body.endswith((b"\n", b"\r")) else body + b"\n"


def _not_unicode(table: Any) -> Booleans:
    """bool[n]: the rows with a field that is not UTF-8."""
    broken = np.zeros(table.num_rows, dtype=np.bool_)
    for column in table.columns:
        found = pc.match_substring(column, _NO_CHARACTER).fill_null(False)
        broken |= found.to_numpy()
    return broken


def _raw_rows(body: bytes) -> Callable[[int], bytes]:
    """Cuts the body into its rows when the first of them is asked for; a quoted field may hold newlines."""

    @cache
    def rows() -> list[bytes]:
        found = (match[0].strip(b"\r\n") for match in _ROW.finditer(body))
        return [row for row in found if row][1:]

    return lambda position: rows()[position]
