"""What `infranaut replay` makes of what a server answers, or of one that is away."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from exporter.cli.replay import replay
from tests.support.ingest_double import IngestDouble, ScriptedAnswer, an_ingest_double
from tests.support.ports import free_port
from tests.support.replays import PausedClock, a_replay, ndjson, predictions, quiet_console, replayed, rows, run_replay


def test_rejected_rows_are_told_by_their_place_in_the_file_and_cost_exit_code_1(
    server: IngestDouble, tmp_path: Path
) -> None:
    told = {"row": 1, "reason": "duplicate", "detail": "id 'p6' was seen before"}
    server.script = [
        ScriptedAnswer(202, {"accepted": 5, "rejected": 0, "reasons": {}, "errors": []}),
        ScriptedAnswer(202, {"accepted": 4, "rejected": 1, "reasons": {"duplicate": 1}, "errors": [told]}),
    ]
    outcome = run_replay(ndjson(tmp_path, rows(10)), "--url", server.url, "--batch", "5")
    assert outcome.exit_code == 1
    assert "accepted 9, rejected 1 (duplicate 1)" in outcome.stdout
    assert "predictions row 6: duplicate: id 'p6' was seen before" in outcome.stdout


def test_a_whole_body_that_is_refused_counts_all_its_rows(server: IngestDouble, tmp_path: Path) -> None:
    answer = {"accepted": 0, "rejected": 1, "reasons": {"malformed": 1}, "error": "not an Arrow stream"}
    server.script = [ScriptedAnswer(400, answer)]
    tally = replayed(server, predictions(tmp_path, rows(3)))
    assert (tally.accepted, tally.rejected, dict(tally.reasons)) == (0, 3, {"malformed": 3})
    assert tally.errors[0][1].detail == "not an Arrow stream"


def test_rows_that_are_too_old_come_with_what_to_do_about_them(server: IngestDouble, tmp_path: Path) -> None:
    reject = {"row": 0, "reason": "too_old", "detail": "ts is before the horizon"}
    server.script = [ScriptedAnswer(400, {"accepted": 0, "rejected": 1, "reasons": {"too_old": 1}, "errors": [reject]})]
    outcome = run_replay(ndjson(tmp_path, rows(1)), "--url", server.url)
    assert (outcome.exit_code, "--shift-to-now" in outcome.stdout) == (1, True)


def test_another_listener_than_that_of_ingest_is_suspected(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(404, {"detail": "Not Found"})]
    outcome = run_replay(ndjson(tmp_path, rows(1)), "--url", server.url)
    assert (outcome.exit_code, "is --url the address that the server calls ingest?" in outcome.stdout) == (1, True)


def test_an_unknown_monitor_ends_it_with_the_hint_of_the_server(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(404, {"error": "no monitor 'credit'; did you mean 'credits'?"})]
    outcome = run_replay(ndjson(tmp_path, rows(3)), "--url", server.url)
    assert outcome.exit_code == 1
    assert "did you mean 'credits'?" in outcome.stdout
    assert len(server.posted) == 1


def test_a_body_that_is_too_large_says_what_to_do(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(413, {"error": "the body is larger than 64 MiB"})]
    assert "send fewer rows at once with --batch" in run_replay(ndjson(tmp_path, rows(3)), "--url", server.url).stdout


def test_a_busy_server_is_asked_again_after_as_long_as_it_says(server: IngestDouble, tmp_path: Path) -> None:
    server.script = [ScriptedAnswer(503, {"error": "too many bodies"}, {"Retry-After": "7"})]
    clock, said = PausedClock(), Console(file=(tmp_path / "said").open("w+"), width=200)
    tally = replayed(server, predictions(tmp_path, rows(3)), clock, console=said)
    assert clock.pauses == [7.0]
    assert (tally.accepted, len(server.posted)) == (3, 2)
    said.file.flush()
    assert "answered 503: too many bodies; trying again in 7 s" in (tmp_path / "said").read_text()
    said.file.close()


def test_a_server_that_is_away_is_waited_for_ever_longer_and_then_given_up(tmp_path: Path) -> None:
    clock, away = PausedClock(), IngestDouble(f"http://127.0.0.1:{free_port()}")
    tally = replayed(away, predictions(tmp_path, rows(3)), clock, patience_s=20)
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert tally.failure is not None
    assert f"no server answers at {away.url}; gave up after 25.5 s" in tally.failure


def test_a_server_that_comes_back_gets_everything(tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:

        class ServerStarting(PausedClock):
            """The server starts during the first pause."""

            def pause(self, seconds: float) -> None:
                super().pause(seconds)
                stack.enter_context(an_ingest_double(port))

        clock = ServerStarting()
        files = predictions(tmp_path, rows(3))
        tally = replay(a_replay(f"http://127.0.0.1:{port}", files), clock, clock, quiet_console())
    assert (tally.accepted, tally.failure, clock.pauses) == (3, None, [0.5])


def test_an_address_without_a_scheme_says_how_to_write_it(tmp_path: Path) -> None:
    outcome = run_replay(ndjson(tmp_path, rows(1)), "--url", "localhost:8750")
    assert outcome.exit_code == 1
    assert "write it as http://host:port" in outcome.stdout
