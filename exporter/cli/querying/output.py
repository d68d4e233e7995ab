"""Writes the rows of an answer as a table, CSV, JSON lines or an Arrow stream."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

import click
import msgspec
import pyarrow as pa
import pyarrow.csv
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from exporter.archive.query.session import Answer
from exporter.errors import InvalidSettings

Format = Literal["table", "csv", "json", "arrow"]

_LONGEST_CELL = 60
_WIDEST = 100_000
_NUMBER = "none"


def write_rows(answer: Answer, form: Format, out: Path | None, most_rows: int | None) -> int:
    """Writes to a file, whole or not at all, or to stdout; how many rows.

    most_rows : of a table; more are left out, and a line on stderr says so.
    """
    if form == "table":
        return _write_table(answer, out, most_rows)
    if out is None:
        return _WRITERS[form](answer, sys.stdout.buffer)
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as stream:
            rows = _WRITERS[form](answer, stream)
        part.replace(out)
    except OSError as error:
        raise InvalidSettings(f"--out {out}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return rows


def _write_table(answer: Answer, out: Path | None, most_rows: int | None) -> int:
    found = list(islice(_rows(answer.batches), most_rows + 1 if most_rows is not None else None))
    shown = found[:most_rows]
    cells = [[_cell(value) for value in row.values()] for row in shown]
    if out is None:
        _print_table(Console(), answer.schema.names, cells)
    else:
        text = io.StringIO()
        _print_table(Console(file=text, width=10_000), answer.schema.names, cells)
        out.write_text(text.getvalue(), encoding="utf-8")
    if len(found) > len(shown):
        note = f"only the first {len(shown):,} rows; --rows N shows more, --format csv or --out FILE writes all of them"
        click.echo(note, err=True)
    return len(shown)


def _print_table(console: Console, names: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """A line for each row; a line for each value where the rows are wider than the terminal."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for at, name in enumerate(names):
        is_number = any(row[at].style == _NUMBER for row in rows)
        table.add_column(escape(name), no_wrap=True, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*row)
    if console.measure(table, options=console.options.update(width=_WIDEST)).maximum <= console.width:
        console.print(table)
        return
    longest = max(map(len, names))
    for number, row in enumerate(rows, 1):
        console.print(Text(f"row {number}", style="bold"))
        for name, value in zip(names, row, strict=True):
            console.print(Text.assemble(f"  {name:{longest}}  ", value), no_wrap=True, overflow="ellipsis")


def _write_csv(answer: Answer, stream: IO[bytes]) -> int:
    rows = 0
    with pyarrow.csv.CSVWriter(stream, _as_text(answer.schema.empty_table()).schema) as writer:
        for batch in answer.batches:
            writer.write_table(_as_text(pa.Table.from_batches([batch])))
            rows += batch.num_rows
    stream.flush()
    return rows


def _write_json(answer: Answer, stream: IO[bytes]) -> int:
    encoder = msgspec.json.Encoder(enc_hook=str, decimal_format="number")
    rows = 0
    for batch in answer.batches:
        stream.write(encoder.encode_lines(batch.to_pylist()))
        rows += batch.num_rows
    stream.flush()
    return rows


def _write_arrow(answer: Answer, stream: IO[bytes]) -> int:
    rows = 0
    with pa.ipc.new_stream(stream, answer.schema) as writer:
        for batch in answer.batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    stream.flush()
    return rows


_WRITERS: dict[str, Callable[[Answer, IO[bytes]], int]] = {
    "csv": _write_csv,
    "json": _write_json,
    "arrow": _write_arrow,
}


def _rows(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    return (row for batch in batches for row in batch.to_pylist())


def _as_text(table: pa.Table) -> pa.Table:
    """Lists, structs and bytes, which CSV has no form for, as JSON."""
    for at, field in enumerate(table.schema):
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            values = [None if value is None else _json(value) for value in table.column(at).to_pylist()]
            table = table.set_column(at, field.name, pa.array(values, pa.string()))
    return table


def _json(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return msgspec.json.encode(value, enc_hook=str).decode()


def _cell(value: Any) -> Text:
    """A value on one line of a terminal, without characters that would write to it by themselves."""
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, datetime):
        text = value.isoformat(" ").replace("+00:00", "Z")
    else:
        text = _json(value) if isinstance(value, bytes | list | dict) else str(value)
    printable = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    shown = printable if len(printable) <= _LONGEST_CELL else f"{printable[: _LONGEST_CELL - 1]}…"
    return Text(shown, style=_NUMBER if isinstance(value, int | float) else "")
