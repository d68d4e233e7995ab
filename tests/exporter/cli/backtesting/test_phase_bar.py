"""The bar begins anew with each thing that is done, so that what is left of it is told at its own speed."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from exporter.cli.backtest import PhaseBar


def test_one_thing_is_shown_at_a_time_and_each_begins_at_nothing() -> None:
    progress = Progress(console=Console(file=io.StringIO()))
    bar = PhaseBar(progress)
    for what, share in (("reading", 0.5), ("reading", 1.0), ("counting", 0.25)):
        bar.say(what, share)
    [task] = progress.tasks
    assert (task.description, task.completed, task.total) == ("counting", 0.25, 1.0)
