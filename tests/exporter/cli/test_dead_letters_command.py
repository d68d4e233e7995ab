from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.archive.dead_letters import DeadLetters
from exporter.batch import Reason, Reject
from exporter.cli.dead_letters import command
from exporter.errors import InvalidSettings
from tests.support.clocks import MovedClock


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A server's folder: credit rejected two predictions and, later, a label; fraud one prediction."""
    clock = MovedClock()
    letters = DeadLetters(tmp_path / "dead-letters", clock)
    letters.write("credit", "http", "predictions", [a_reject(3, b'{"id": 1'), a_reject(4, b"\xff")])
    letters.write("fraud", "file", "predictions", [a_reject(0, b"[red]\x1b[2J")])
    clock.move(60)
    letters.write("credit", "http", "labels", [a_reject(7, b"{}", Reason.MISSING_LABEL)])
    return tmp_path


def a_reject(position: int, raw: bytes, reason: Reason = Reason.MALFORMED) -> Reject:
    return Reject(position, reason, "what is wrong", raw)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


def run_as_json(*arguments: str | Path) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_records_are_counted_by_reason_the_most_frequent_first(state: Path) -> None:
    assert run_as_json("--state", state)["counts"] == [
        {"monitor": "credit", "kind": "predictions", "reason": "malformed", "records": 2},
        {"monitor": "credit", "kind": "labels", "reason": "missing_label", "records": 1},
        {"monitor": "fraud", "kind": "predictions", "reason": "malformed", "records": 1},
    ]


def test_the_newest_come_first_and_no_more_than_asked_for(state: Path) -> None:
    newest = run_as_json("--state", state, "--newest", "2")["newest"]
    assert [(letter["monitor"], letter["position"]) for letter in newest] == [("credit", 7), ("credit", 3)]
    assert run_as_json("--state", state, "--newest", "0")["newest"] == []


def test_one_monitor_can_be_asked_for(state: Path) -> None:
    summary = run_as_json("--state", state, "--monitor", "fraud")
    assert {count["monitor"] for count in summary["counts"]} == {"fraud"}
    assert summary["files"] == 1


def test_people_read_a_table_and_the_records_as_they_came(state: Path) -> None:
    output = run("--state", state).stdout
    assert "missing_label" in output
    assert "record 3: malformed: what is wrong" in output
    assert '{"id": 1' in output
    assert "base64 /w==" in output
    assert " 2 files, " in output
    assert " 1 file, " in run("--state", state, "--monitor", "fraud").stdout


def test_a_record_cannot_write_to_the_terminal(state: Path) -> None:
    output = run("--state", state, "--monitor", "fraud").stdout
    assert "[red]\\x1b[2J" in output
    assert "\x1b" not in output


def test_a_torn_line_is_told_and_costs_no_other(state: Path) -> None:
    file = next((state / "dead-letters" / "fraud").iterdir())
    file.write_bytes(file.read_bytes() + b'{"time": "2025')
    result = run("--state", state)
    assert "1 line could not be read" in result.stderr
    assert run_as_json("--state", state)["unreadable"] == 1


def test_a_server_that_rejected_nothing_says_so(tmp_path: Path) -> None:
    assert run("--state", tmp_path).stdout == "No record was set aside.\n"


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="is no folder; give the one that"):
        run("--state", tmp_path / "nowhere")


def test_an_unknown_monitor_is_a_mistake_with_a_suggestion(state: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"'credt' was set aside; did you mean 'credit'\?"):
        run("--state", state, "--monitor", "credt")
