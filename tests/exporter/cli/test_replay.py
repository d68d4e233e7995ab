"""`infranaut replay` against a real HTTP server: what is sent, when, and what a person is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from exporter.cli.replay import ReplaySettings, batches_in_step, command, replay
from exporter.cli.replaying.interruption import Interruption
from exporter.cli.replaying.reading import open_rows
from exporter.cli.replaying.rows import TimeField
from exporter.cli.replaying.sending import Kind
from exporter.cli.replaying.tally import Tally
from exporter.errors import InvalidSettings
from tests.support.ingest_double import IngestDouble, ScriptedAnswer, an_ingest_double
from tests.support.polling import wait_until
from tests.support.ports import free_port

START_S = 1_750_000_000.0
NOW_S = 1_800_000_000.0


class MovedClock(Interruption):
    """A clock that moves only when somebody pauses; what it was asked to pause is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def now(self) -> float:
        return NOW_S + sum(self.pauses)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def server() -> Iterator[IngestDouble]:
    with an_ingest_double() as double:
        yield double


def test_ndjson_is_sent_as_it_is_in_batches(server: IngestDouble, tmp_path: Path) -> None:
    path = ndjson(tmp_path, rows(12))
    outcome = run(path, "--url", server.url, "--batch", "5")
    assert outcome.exit_code == 0, outcome.stderr
    assert [len(posted.rows) for posted in server.posted] == [5, 5, 2]
    assert b"".join(posted.body for posted in server.posted) == path.read_bytes()
    assert {posted.path for posted in server.posted} == {"/v1/monitors/credit/predictions"}
    assert {posted.media_type for posted in server.posted} == {"application/x-ndjson"}
    assert "accepted 12, rejected 0" in outcome.stdout


def test_csv_keeps_its_header_in_every_batch(server: IngestDouble, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text('id,text\np0,"two\nlines"\np1,b\np2,c\n')
    assert run(path, "--url", server.url, "--batch", "2").exit_code == 0
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
    run(path, "--url", server.url, "--batch", "5")
    received = [pa.ipc.open_stream(posted.body).read_all() for posted in server.posted]
    assert [part.num_rows for part in received] == [5, 5, 2]
    assert pa.concat_tables(received) == table
    assert server.posted[0].media_type == "application/vnd.apache.arrow.stream"


def test_rejected_rows_are_told_by_their_place_in_the_file_and_cost_exit_code_1(
    server: IngestDouble, tmp_path: Path
) -> None:
    told = {"row": 1, "reason": "duplicate", "detail": "id 'p6' was seen before"}
    server.script = [
        ScriptedAnswer(202, {"accepted": 5, "rejected": 0, "reasons": {}, "errors": []}),
        ScriptedAnswer(202, {"accepted": 4, "rejected": 1, "reasons": {"duplicate": 1}, "errors": [told]}),
    ]
    outcome = run(ndjson(tmp_path, rows(10)), "--url", server.url, "--batch", "5")
    assert outcome.exit_code == 1
    assert "accepted 9, rejected 1 (duplicate 1)" in outcome.stdout
    assert "predictions row 6: duplicate: id 'p6' was seen before" in outcome.stdout


def test_the_summary_is_one_json_document_when_asked_for(server: IngestDouble, tmp_path: Path) -> None:
    outcome = run(ndjson(tmp_path, rows(3)), "--url", server.url, "--json")
    document = json.loads(outcome.stdout)
    assert (document["accepted"], document["rejected"], document["rows"]) == (3, 0, {"predictions": 3})
    assert document["failure"] is None


def test_a_whole_body_that_is_refused_counts_all_its_rows(server: IngestDouble, tmp_path: Path) -> None:
    answer = {"accepted": 0, "rejected": 1, "reasons": {"malformed": 1}, "error": "not an Arrow stream"}
    server.script = [ScriptedAnswer(400, answer)]
    tally = replayed(server, predictions(tmp_path, rows(3)))
    assert (tally.accepted, tally.rejected, dict(tally.reasons)) == (0, 3, {"malformed": 3})
    assert tally.errors[0][1].detail == "not an Arrow stream"


def test_rows_that_are_too_old_come_with_what_to_do_about_them(server: IngestDouble, tmp_path: Path) -> None:
    reject = {"row": 0, "reason": "too_old", "detail": "ts is before the horizon"}
    server.script = [ScriptedAnswer(400, {"accepted": 0, "rejected": 1, "reasons": {"too_old": 1}, "errors": [reject]})]
    outcome = run(ndjson(tmp_path, rows(1)), "--url", server.url)
    assert (outcome.exit_code, "--shift-to-now" in outcome.stdout) == (1, True)


def test_another_listener_than_that_of_ingest_is_suspected(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(404, {"detail": "Not Found"})]
    outcome = run(ndjson(tmp_path, rows(1)), "--url", server.url)
    assert (outcome.exit_code, "is --url the address that the server calls ingest?" in outcome.stdout) == (1, True)


def test_the_bar_grows_with_every_batch_of_a_file_that_is_read_at_once(tmp_path: Path) -> None:
    files = predictions(tmp_path, rows(4))
    size = files[0][1].stat().st_size
    opened = {kind: open_rows(path, follow=False, batch_rows=1, pause=lambda _: None) for kind, path in files}
    settings = replay_settings("", files, batch_rows=1)
    done = [part for _, _, part in batches_in_step(opened, settings, MovedClock())]
    assert done == [size // 4, size // 2, size * 3 // 4, size]


def test_an_unknown_monitor_ends_it_with_the_hint_of_the_server(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(404, {"error": "no monitor 'credit'; did you mean 'credits'?"})]
    outcome = run(ndjson(tmp_path, rows(3)), "--url", server.url)
    assert outcome.exit_code == 1
    assert "did you mean 'credits'?" in outcome.stdout
    assert len(server.posted) == 1


def test_a_body_that_is_too_large_says_what_to_do(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(413, {"error": "the body is larger than 64 MiB"})]
    assert "send fewer rows at once with --batch" in run(ndjson(tmp_path, rows(3)), "--url", server.url).stdout


def test_a_busy_server_is_asked_again_after_as_long_as_it_says(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(503, {"error": "too many bodies"}, {"Retry-After": "7"})]
    clock, said = MovedClock(), Console(file=(tmp_path / "said").open("w+"), width=200)
    tally = replayed(server, predictions(tmp_path, rows(3)), clock, console=said)
    assert clock.pauses == [7.0]
    assert (tally.accepted, len(server.posted)) == (3, 2)
    said.file.flush()
    assert "answered 503: too many bodies; trying again in 7 s" in (tmp_path / "said").read_text()
    said.file.close()


def test_a_server_that_is_away_is_waited_for_ever_longer_and_then_given_up(tmp_path: Path) -> None:
    clock, away = MovedClock(), IngestDouble(f"http://127.0.0.1:{free_port()}")
    tally = replayed(away, predictions(tmp_path, rows(3)), clock, patience_s=20)
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert tally.failure is not None
    assert f"no server answers at {away.url}; gave up after 25.5 s" in tally.failure


def test_a_server_that_comes_back_gets_everything(tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:

        class ServerStarting(MovedClock):
            """The server starts during the first pause."""

            def pause(self, seconds: float) -> None:
                super().pause(seconds)
                stack.enter_context(an_ingest_double(port))

        clock = ServerStarting()
        files = predictions(tmp_path, rows(3))
        tally = replay(replay_settings(f"http://127.0.0.1:{port}", files), clock, clock, quiet())
    assert (tally.accepted, tally.failure, clock.pauses) == (3, None, [0.5])


def test_an_address_without_a_scheme_says_how_to_write_it(tmp_path: Path) -> None:
    outcome = run(ndjson(tmp_path, rows(1)), "--url", "localhost:8750")
    assert outcome.exit_code == 1
    assert "write it as http://host:port" in outcome.stdout


def test_with_a_speed_rows_come_when_they_are_due(server: IngestDouble, tmp_path: Path) -> None:
    clock = MovedClock()
    replayed(server, predictions(tmp_path, rows(4, every_s=60)), clock, speed=60.0)
    assert clock.pauses == [1.0, 1.0, 1.0]
    assert [posted.rows[0]["id"] for posted in server.posted] == ["p0", "p1", "p2", "p3"]


def test_rows_of_one_moment_are_sent_together(server: IngestDouble, tmp_path: Path) -> None:
    replayed(server, predictions(tmp_path, rows(100, every_s=1)), speed=1000.0)
    assert len(server.posted) == 1


def test_a_row_that_comes_late_in_the_file_is_sent_at_once(server: IngestDouble, tmp_path: Path) -> None:
    clock = MovedClock()
    late = [*rows(2, every_s=60), {"id": "late", "ts": START_S}, {"id": "timeless"}]
    replayed(server, predictions(tmp_path, late), clock, speed=60.0)
    assert clock.pauses == [1.0]
    assert [row["id"] for row in server.posted[1].rows] == ["p1", "late", "timeless"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (START_S, NOW_S + 1),
        (1_750_000_000, 1_800_000_001),
        ("2025-06-15T15:06:40Z", "2027-01-15T08:00:01.000000Z"),
        ("1750000000", "1800000001"),
    ],
)
def test_shifted_timestamps_keep_their_form_and_their_pace(
    server: IngestDouble, tmp_path: Path, first: Any, second: Any
) -> None:
    minute_later = {str: "2025-06-15T15:07:40Z" if "T" in str(first) else "1750000060"}.get(type(first))
    events = [{"id": "a", "ts": first}, {"id": "b", "ts": minute_later or first + 60}]
    replayed(server, predictions(tmp_path, events), speed=60.0, shift_to_now=True)
    assert server.posted[1].rows == [{"id": "b", "ts": second}]
    assert type(server.posted[1].rows[0]["ts"]) is type(first)


@pytest.mark.parametrize("kind", [pa.timestamp("ms", "UTC"), pa.float64(), pa.int64(), pa.string()])
def test_shifted_columns_keep_their_type(server: IngestDouble, tmp_path: Path, kind: pa.DataType) -> None:
    seconds = pa.array([1_750_000_000, 1_750_000_060])
    column = pa.array(["2025-06-15T15:06:40Z", "2025-06-15T15:07:40Z"]) if kind == pa.string() else seconds
    if pa.types.is_timestamp(kind):
        column = pa.array([1_750_000_000_000, 1_750_000_060_000], pa.int64())
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"ts": column.cast(kind)}), path)
    replayed(server, [("predictions", path)], speed=60.0, shift_to_now=True)
    shifted = pa.ipc.open_stream(server.posted[1].body).read_all().column("ts")
    assert shifted.type == kind
    expected = "2027-01-15T08:00:01.000000Z" if kind == pa.string() else None
    as_seconds = {pa.timestamp("ms", "UTC"): 1_800_000_001_000}.get(kind, 1_800_000_001)
    assert shifted[0].as_py() == expected if expected else shifted.cast(pa.int64())[0].as_py() == as_seconds


def test_csv_timestamps_shift_too(server: IngestDouble, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("id,ts\na,1750000000\nb,1750000060\nshort\n")
    replayed(server, [("predictions", path)], speed=60.0, shift_to_now=True)
    assert server.posted[1].body == b"id,ts\nb,1800000001\nshort\n"


def test_without_a_speed_shifted_rows_happen_when_they_are_sent(server: IngestDouble, tmp_path: Path) -> None:
    replayed(server, predictions(tmp_path, [*rows(1), {"id": "timeless"}]), shift_to_now=True)
    assert server.posted[0].rows == [{"id": "p0", "ts": NOW_S}, {"id": "timeless"}]


def test_a_speed_without_timestamps_says_how_to_name_their_field(server: IngestDouble, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="field 'ts'; name the field with --timestamp-field"):
        replayed(server, predictions(tmp_path, [{"id": "p0", "at": START_S}]), speed=1.0)


def test_labels_come_after_the_predictions(server: IngestDouble, tmp_path: Path) -> None:
    truth = ndjson(tmp_path, [{"id": f"p{row}", "label": 1} for row in range(3)], "truth.ndjson")
    assert run(ndjson(tmp_path, rows(3)), "--url", server.url, "--labels", str(truth), "--batch", "2").exit_code == 0
    kinds = [posted.path.rpartition("/")[2] for posted in server.posted]
    assert kinds == ["predictions", "predictions", "labels", "labels"]


def test_with_a_speed_labels_come_in_step(server: IngestDouble, tmp_path: Path) -> None:
    truth = ndjson(tmp_path, [{"id": "p0", "label": 1, "ts": START_S + 90}], "truth.ndjson")
    files = [*predictions(tmp_path, rows(3, every_s=60)), ("labels", truth)]
    replayed(server, files, speed=60.0)
    kinds = [posted.path.rpartition("/")[2] for posted in server.posted]
    assert kinds == ["predictions", "predictions", "labels", "predictions"]


def test_labels_alone_go_to_the_labels(server: IngestDouble, tmp_path: Path) -> None:
    run(ndjson(tmp_path, [{"id": "p0", "label": 1}]), "--url", server.url, "--kind", "labels")
    assert server.posted[0].path == "/v1/monitors/credit/labels"


def test_being_asked_to_stop_ends_it_after_the_batch_under_way(server: IngestDouble, tmp_path: Path) -> None:
    stop = MovedClock()
    server.on_post = stop.ask
    tally = replayed(server, predictions(tmp_path, rows(12)), stop, batch_rows=5)
    assert (tally.accepted, tally.is_interrupted, len(server.posted)) == (5, True, 1)
    assert tally.as_lines(1.0)[0].startswith("stopped by Ctrl-C: accepted 5")


@pytest.mark.parametrize(("arguments", "code"), [(["--follow"], 0), (["--speed", "0.001x"], 130)])
def test_ctrl_c_ends_it_with_the_summary(server: IngestDouble, tmp_path: Path, arguments: list[str], code: int) -> None:
    path = ndjson(tmp_path, rows(2, every_s=60))
    start = [sys.executable, "-c", "from exporter.cli import main; main()", "replay", str(path), "--monitor", "credit"]
    with subprocess.Popen([*start, "--url", server.url, *arguments], stdout=subprocess.PIPE, text=True) as process:
        wait_until(lambda: server.posted, 30, "a first batch")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert "stopped by Ctrl-C: accepted" in said


def test_a_followed_file_is_sent_as_it_grows(server: IngestDouble, tmp_path: Path) -> None:
    files = predictions(tmp_path, rows(2))

    class Growing(MovedClock):
        """The file grows in the first pause; the second ends it."""

        def pause(self, seconds: float) -> None:
            super().pause(seconds)
            if len(self.pauses) > 1:
                self.ask()
            with files[0][1].open("a") as stream:
                stream.write('{"id": "more"}\n')

    clock = Growing()
    replay(replay_settings(server.url, files, follow=True), clock, clock, quiet())
    assert [row["id"] for posted in server.posted for row in posted.rows] == ["p0", "p1", "more"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["absent.ndjson"], 1, "there is no such file"),
        (["absent.parquet"], 1, "cannot be read as .parquet"),
        (["events.parquet", "--follow"], 1, "--follow reads NDJSON and CSV files"),
        (["events.ndjson", "--speed", "fast"], 2, "is not a speed"),
        (["events.ndjson", "--follow", "--labels", "truth.ndjson"], 2, "replay the labels with --kind labels"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: list[str], code: int, told: str) -> None:
    outcome = run(Path(arguments[0]), *arguments[1:])
    if isinstance(outcome.exception, InvalidSettings):
        assert (code, told in str(outcome.exception)) == (1, True)
    else:
        assert (outcome.exit_code, told in outcome.stderr) == (code, True)


def rows(count: int, every_s: float = 1.0) -> list[dict[str, Any]]:
    return [{"id": f"p{row}", "ts": START_S + row * every_s} for row in range(count)]


def ndjson(folder: Path, events: Sequence[dict[str, Any]], name: str = "events.ndjson") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def predictions(folder: Path, events: Sequence[dict[str, Any]]) -> list[tuple[Kind, Path]]:
    return [("predictions", ndjson(folder, events))]


def replay_settings(url: str, files: Sequence[tuple[Kind, Path]], **changes: Any) -> ReplaySettings:
    defaults: dict[str, Any] = {
        "time_field": TimeField("ts", "s"),
        "batch_rows": 5_000,
        "speed": None,
        "shift_to_now": False,
        "follow": False,
        "patience_s": 60.0,
    }
    return ReplaySettings(files=tuple(files), monitor="credit", url=url, **(defaults | changes))


def replayed(
    server: IngestDouble,
    files: Sequence[tuple[Kind, Path]],
    clock: MovedClock | None = None,
    console: Console | None = None,
    **changes: Any,
) -> Tally:
    clock = clock or MovedClock()
    return replay(replay_settings(server.url, files, **changes), clock, clock, console or quiet())


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [str(path), "--monitor", "credit", *arguments])


def quiet() -> Console:
    return Console(quiet=True)
