from __future__ import annotations

import io
import json

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from tests.bench import __main__ as command
from tests.bench.harness import BenchRow, Elapsed, Timing, as_json, faster, interleave, print_table


def timing(*cpu_s: float) -> Timing:
    return Timing(tuple(Elapsed(seconds, 2 * seconds) for seconds in cpu_s))


def table_of(*rows: BenchRow) -> str:
    out = io.StringIO()
    print_table("example", rows, Console(file=out, width=200))
    return out.getvalue()


def test_rivals_run_in_turn_and_another_one_starts_each_round() -> None:
    calls: list[str] = []
    interleave({"ours": lambda: calls.append("o"), "peer": lambda: calls.append("p")}, rounds=3, warm_up=1)
    assert "".join(calls) == "oppooppo"


def test_rounds_to_warm_up_are_not_kept() -> None:
    takes = iter([9.0, 1.0, 2.0])
    timings = interleave({"peer": lambda: Elapsed(next(takes), 5.0)}, rounds=2, warm_up=1)
    assert timings["peer"] == Timing((Elapsed(1.0, 5.0), Elapsed(2.0, 5.0)))


def test_work_in_this_process_is_timed_by_its_cpu_and_by_the_wall() -> None:
    def add_up() -> None:
        sum(range(200_000))

    timings = interleave({"ours": add_up}, rounds=3)
    assert 0 < timings["ours"].cpu_s <= timings["ours"].wall_s + 0.01


def test_figures_are_medians_so_one_slow_round_does_not_move_them() -> None:
    assert timing(1.0, 50.0, 2.0).cpu_s == 2.0
    assert timing(1.0, 50.0, 2.0).wall_s == 4.0


def test_a_ratio_is_the_median_of_rounds_side_by_side() -> None:
    """The machine slowed down between the rounds: each round says 10, the medians apart would say so too late."""
    assert timing(10.0, 40.0, 20.0).cpu_ratio(timing(1.0, 4.0, 2.0)) == 10.0
    assert timing(10.0, 40.0, 21.0).cpu_ratio(timing(1.0, 4.0, 3.0)) == 10.0


def test_rates_count_what_each_side_did_in_a_round() -> None:
    row = faster("psi", timing(2.0), timing(1.0), items=(100, 10), unit="features / CPU s", goal=5)
    assert (row.ours, row.peer, row.ratio, row.meets_goal) == (50, 10, 5, True)


def test_a_goal_that_was_missed_is_told() -> None:
    row = faster("psi", timing(2.0), timing(1.0), items=(100, 10), unit="features / CPU s", goal=6)
    assert row.meets_goal is False
    assert "5x short" in table_of(row)


def test_without_a_peer_there_is_a_figure_and_the_reason_but_no_verdict() -> None:
    row = faster("psi", timing(2.0), None, items=(100, 10), unit="rows / CPU s", goal=6, note="whylogs: no network")
    assert (row.ours, row.peer, row.ratio, row.meets_goal) == (50, None, None, None)
    assert "whylogs: no network" in table_of(row)


def test_the_outcome_is_json_that_a_machine_reads() -> None:
    row = faster("psi", timing(2.0), timing(1.0), items=(100, 10), unit="rows / CPU s")
    document = json.loads(json.dumps(as_json({"drift": [row]})))
    assert document["benchmarks"]["drift"][0]["ratio"] == 5
    assert document["machine"]["cores"] >= 1


@pytest.mark.parametrize("arguments", [["one"], []])
def test_the_command_runs_what_is_asked_for_or_everything(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    benches = {"one": lambda: [BenchRow("first", 1.0, None, "ms", None)], "two": list}
    monkeypatch.setattr(command, "BENCHES", benches)
    monkeypatch.setattr(command.main.params[0], "type", click.Choice(list(benches)))
    outcome = CliRunner().invoke(command.main, [*arguments, "--json"])
    assert outcome.exit_code == 0
    assert set(json.loads(outcome.stdout)["benchmarks"]) == set(arguments or benches)


def test_a_benchmark_that_does_not_exist_is_a_mistake_of_usage() -> None:
    outcome = CliRunner().invoke(command.main, ["nope"])
    assert outcome.exit_code == 2
    assert "'nope' is not" in outcome.stderr
