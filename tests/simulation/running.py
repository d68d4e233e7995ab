"""Runs histories by their seeds, on all cores, and tells of those that failed."""

from __future__ import annotations

import logging
import multiprocessing
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.simulation.history import SimulatedHistory
from tests.simulation.truth import BrokenPromise

_AT_ONCE = 250
_TRACE_LINES = 80


@dataclass(frozen=True, slots=True)
class HistoryFailure:
    """A history that ended as none may: its seed, what was wrong, and what had happened before."""

    seed: int
    message: str
    trace: str

    def __str__(self) -> str:
        return (
            f"history {self.seed} failed: {self.message}\n{self.trace}\n"
            f"replay it with: python -m tests.simulation --seed {self.seed} --histories 1"
        )


@dataclass(frozen=True, slots=True)
class HistoryChunk:
    """Histories that have run, and the first of them that failed."""

    histories: int
    failure: HistoryFailure | None


def run_histories(first_seed: int, count: int, processes: int | None = None) -> Iterator[HistoryChunk]:
    """Runs histories of consecutive seeds; chunks come in no order, and none after a failure need be asked for."""
    stop = first_seed + count
    chunks = [(seed, min(_AT_ONCE, stop - seed)) for seed in range(first_seed, stop, _AT_ONCE)]
    with multiprocessing.get_context("forkserver").Pool(processes or os.cpu_count()) as pool:
        yield from pool.imap_unordered(_run_chunk, chunks)


def first_failure(first_seed: int, count: int) -> HistoryFailure | None:
    """Runs histories of consecutive seeds in this process, up to the first that fails."""
    with quiet_logs():
        failures = (run_history(seed) for seed in range(first_seed, first_seed + count))
        return next((failure for failure in failures if failure is not None), None)


def run_history(seed: int) -> HistoryFailure | None:
    """One history; the same for the same seed."""
    history = SimulatedHistory(seed)
    try:
        history.run()
    except BrokenPromise as violation:
        return HistoryFailure(seed, str(violation), _readable(history))
    except Exception as error:  # noqa: BLE001 - a history that raises has failed, whatever it is
        raised = "".join(traceback.format_exception(error, limit=-6))
        return HistoryFailure(seed, f"{type(error).__name__}: {error}", f"{_readable(history)}\n{raised}")
    return None


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Histories are full of things that would be worth a line in a log."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _run_chunk(chunk: tuple[int, int]) -> HistoryChunk:
    return HistoryChunk(chunk[1], first_failure(*chunk))


def _readable(history: SimulatedHistory) -> str:
    return "\n".join(f"  {who:10} {what} {where}".rstrip() for who, what, where in history.trace[-_TRACE_LINES:])
