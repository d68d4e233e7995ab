"""What `infranaut replay` sends of a file of each format."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.cli.replay import batches_in_step
from exporter.cli.replaying.reading import open_rows
from tests.support.ingest_double import IngestDouble
from tests.support.replays import PausedClock, a_replay, ndjson, predictions, rows, run_replay


def test_ndjson_is_sent_as_it_is_in_batches(server: IngestDouble, tmp_path: Path) -> None:
    path = ndjson(tmp_path, rows(12))
    outcome = run_replay(path, "--url", server.url, "--batch", "5")
    assert outcome.exit_code == 0, outcome.stderr
    assert [len(posted.rows) for posted in server.posted] == [5, 5, 2]
    assert b"".join(posted.body for posted in server.posted) == path.read_bytes()
    assert {posted.path for posted in server.posted} == {"/v1/monitors/credit/predictions"}
    assert {posted.media_type for posted in server.posted} == {"application/x-ndjson"}
    assert "accepted 12, rejected 0" in outcome.stdout


def test_csv_keeps_its_header_in_every_batch(server: IngestDouble, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text('id,text\np0,"two\nlines"\np1,b\np2,c\n')
    assert run_replay(path, "--url", server.url, "--batch", "2").exit_code == 0
    assert [posted.body for posted in server.posted] == [b'id,text\np0,"two\nlines"\np1,b\n', b"id,text\np2,c\n"]
    assert server.posted[0].media_type == "text/csv"


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_columnar_files_are_sent_as_arrow_streams(server: IngestDouble, tmp_path: Path, suffix: str) -> None:
    table = pa.Table.from_pylist(rows(12))
    path = tmp_path / f"events{suffix}"
    if suffix == ".parquet":
        pq.write_table(table, path)
    else:
        writer = pa.ipc.new_file if suffix == ".arrow" else pa.ipc.new_stream
        with writer(path, table.schema) as sink:
            sink.write_table(table)
    run_replay(path, "--url", server.url, "--batch", "5")
    received = [pa.ipc.open_stream(posted.body).read_all() for posted in server.posted]
    assert [part.num_rows for part in received] == [5, 5, 2]
    assert pa.concat_tables(received) == table
    assert server.posted[0].media_type == "application/vnd.apache.arrow.stream"


def test_the_bar_grows_with_every_batch_of_a_file_that_is_read_at_once(tmp_path: Path) -> None:
    files = predictions(tmp_path, rows(4))
    size = files[0][1].stat().st_size
    opened = {kind: open_rows(path, follow=False, batch_rows=1, pause=lambda _: None) for kind, path in files}
    settings = a_replay("", files, batch_rows=1)
    done = [part for _, _, part in batches_in_step(opened, settings, PausedClock())]
    assert done == [size // 4, size // 2, size * 3 // 4, size]
