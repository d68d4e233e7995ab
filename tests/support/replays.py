"""Runs `infranaut replay` on small files, by a clock that does not make a test wait."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from rich.console import Console

from exporter.cli.replay import ReplaySettings, command, replay
from exporter.cli.replaying.interruption import Interruption
from exporter.cli.replaying.rows import TimeField
from exporter.cli.replaying.sending import Kind
from exporter.cli.replaying.tally import Tally
from tests.support.ingest_double import IngestDouble

START_S = 1_750_000_000.0
NOW_S = 1_800_000_000.0


class PausedClock(Interruption):
    """A clock that moves only when somebody pauses; what it was asked to pause is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def now(self) -> float:
        return NOW_S + sum(self.pauses)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def rows(count: int, every_s: float = 1.0) -> list[dict[str, Any]]:
    """Predictions one after the other."""
    return [{"id": f"p{row}", "ts": START_S + row * every_s} for row in range(count)]


def ndjson(folder: Path, events: Sequence[dict[str, Any]], name: str = "events.ndjson") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def predictions(folder: Path, events: Sequence[dict[str, Any]]) -> list[tuple[Kind, Path]]:
    return [("predictions", ndjson(folder, events))]


def a_replay(url: str, files: Sequence[tuple[Kind, Path]], **changes: Any) -> ReplaySettings:
    """What to replay, where to; a change names a setting."""
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
    clock: PausedClock | None = None,
    console: Console | None = None,
    **changes: Any,
) -> Tally:
    """What came of a replay to a server."""
    clock = clock or PausedClock()
    return replay(a_replay(server.url, files, **changes), clock, clock, console or quiet_console())


def run_replay(path: Path, *arguments: str) -> Result:
    """The command as a person calls it."""
    return CliRunner().invoke(command, [str(path), "--monitor", "credit", *arguments])


def quiet_console() -> Console:
    return Console(quiet=True)
