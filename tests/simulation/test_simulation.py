"""Histories of the spool and the lander in which everything fails; `python -m tests.simulation` runs more of them."""

from __future__ import annotations

import pytest

from tests.simulation.history import SimulatedHistory
from tests.simulation.planted_bugs import BUGS, planted
from tests.simulation.running import first_failure, quiet_logs, run_histories, run_history

_HISTORIES = 20_000
_CAUGHT_WITHIN = 1_500


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled_in_twenty_thousand_histories() -> None:
    failures = [chunk.failure for chunk in run_histories(first_seed=1, count=_HISTORIES)]
    assert [str(failure) for failure in failures if failure is not None] == []


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(bug: str) -> None:
    with planted(bug):
        failure = first_failure(first_seed=1, count=_CAUGHT_WITHIN)
    assert failure is not None, f"{bug} went unnoticed"


def test_there_are_bugs_enough() -> None:
    assert len(BUGS) >= 20


def test_a_history_follows_from_its_seed() -> None:
    with quiet_logs():
        once, again = SimulatedHistory(4711), SimulatedHistory(4711)
        once.run()
        again.run()
    assert once.trace == again.trace
    assert len(once.trace) > 100


def test_a_failure_tells_how_to_see_it_again() -> None:
    with planted("no_flush"):
        failure = first_failure(first_seed=1, count=10)
        assert failure is not None
        again = run_history(failure.seed)
    assert again == failure
    assert "but is not durable" in str(failure)
    assert f"--seed {failure.seed} --histories 1" in str(failure)
    assert "writer 0   write" in failure.trace
