"""What a person sees: a live screen in a terminal, plain lines elsewhere. Everything goes to stderr."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from exporter.catalog import PREDICTION_FEATURE
from exporter.cli.demo.model import METRICS
from exporter.cli.demo.story import Phase, Step, Story
from exporter.cli.demo.stream import StreamFigures
from exporter.cli.demo.watch import Observation

_BAR_WIDTH = 30
_FULL_BAR_THRESHOLDS = 5
_FEATURES_SHOWN = 14
_EVENTS_SHOWN = 6
_LINE_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is shown at one moment."""

    story: Story
    figures: StreamFigures
    observation: Observation
    performance: float | None
    threshold: float
    now: float


class Screen(Protocol):
    """Shows the demonstration; never blocks for long."""

    def show(self, picture: Picture) -> None: ...

    def tell(self, sentence: str) -> None: ...


@contextmanager
def opened_screen(console: Console) -> Iterator[Screen]:
    """A live screen where the console is a terminal, plain lines where it is not."""
    if not console.is_terminal:
        yield PlainScreen(console)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield LiveScreen(live)


class PlainScreen:
    """A line now and then, and one for each event."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_line_at = 0.0

    def show(self, picture: Picture) -> None:
        if picture.now - self._last_line_at < _LINE_EVERY_S:
            return
        self._last_line_at = picture.now
        figures, worst = picture.figures, _worst(picture.observation)
        self._print(
            f"{figures.rows_per_second:5.0f} rows/s  accepted {figures.accepted:,}  rejected {figures.rejected:,}  "
            f"{_performance_text(picture)}  most drifted: {worst}  alert: {_alert_text(picture)}"
        )

    def tell(self, sentence: str) -> None:
        self._print(sentence)

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveScreen:
    """One picture, drawn over and over, with the latest events; what is told before the first stays above it."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._events: deque[str] = deque(maxlen=_EVENTS_SHOWN)
        self._body: RenderableType | None = None

    def show(self, picture: Picture) -> None:
        self._body = Group(_headline(picture), _drift_table(picture), _alert_line(picture), _performance_line(picture))
        self._draw()

    def tell(self, sentence: str) -> None:
        if self._body is None:
            self._live.console.print(sentence, markup=False, highlight=False, soft_wrap=True)
            return
        self._events.append(sentence)
        self._draw()

    def _draw(self) -> None:
        events = Text("\n".join(f"• {event}" for event in self._events))
        self._live.update(
            Panel(Group(self._body or Text(), Text(), events), title="infranaut demo", title_align="left")
        )


def _headline(picture: Picture) -> RenderableType:
    figures, story = picture.figures, picture.story
    style = {Phase.WARM_UP: "green", Phase.FAULT: "bold yellow", Phase.TOLD: "bold red"}[story.phase]
    line = Table.grid(padding=(0, 3))
    line.add_row(
        Text(story.phase, style=style),
        f"[bold]{figures.rows_per_second:,.0f}[/] rows/s",
        f"sent {figures.sent:,}",
        f"accepted {figures.accepted:,}",
        f"rejected {figures.rejected:,}",
        f"labels {figures.labels:,}",
    )
    return line


def _drift_table(picture: Picture) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for heading in ("feature", "PSI", f"drift (alerts above {picture.threshold:g})", "z", ""):
        table.add_column(heading, justify="right" if heading in {"PSI", "z"} else "left")
    faulty = picture.story.plan.features if picture.story.plan else ()
    drift = picture.observation.drift()
    shown = picture.observation.features[:_FEATURES_SHOWN]
    for feature in sorted(shown, key=lambda each: each.feature):
        psi = drift.get(feature.feature)
        table.add_row(
            Text(_feature_name(feature.feature), style="bold" if feature.feature in faulty else ""),
            "-" if psi is None else f"{psi:.3f}",
            _bar(psi or 0.0, picture.threshold),
            "-" if feature.zscore is None else f"{feature.zscore:.1f}",
            Text("drifted", style="red") if feature.is_drifted else Text("quiet", style="green"),
        )
    left = len(picture.observation.features) - _FEATURES_SHOWN
    if left > 0:
        table.add_row(Text(f"and {left} more", style="dim"))
    return table


def _bar(psi: float, threshold: float) -> Text:
    filled = min(_BAR_WIDTH, round(_BAR_WIDTH * psi / (threshold * _FULL_BAR_THRESHOLDS)))
    style = "red" if psi > threshold else "green"
    return Text("█" * filled, style=style) + Text("·" * (_BAR_WIDTH - filled), style="dim")


def _alert_line(picture: Picture) -> RenderableType:
    story = picture.story
    line = Text("\nalert  ")
    if story.programs.prometheus is None:
        return line + Text("needs Prometheus; the drift above is computed by the exporter itself", style="dim")
    steps = (Step.PENDING, Step.FIRING, Step.DELIVERED)
    for step in steps[: 2 if story.programs.alertmanager is None else 3]:
        seconds = story.seconds_to(step)
        reached = f"{step} (+{seconds:g} s)" if seconds is not None else str(step)
        line += Text(f" → {reached} ", style="bold red" if seconds is not None else "dim")
    return line


def _performance_line(picture: Picture) -> RenderableType:
    return Text(_performance_text(picture))


def _performance_text(picture: Picture) -> str:
    metric = METRICS[picture.story.scenario.model.task]
    now = "-" if picture.performance is None else f"{picture.performance:.3f}"
    before = picture.story.before
    if before is None or before.performance is None:
        return f"{metric} {now}"
    return f"{metric} {before.performance:.3f} → {now}"


def _alert_text(picture: Picture) -> str:
    story = picture.story
    if story.programs.prometheus is None:
        return "needs Prometheus"
    reached = [step for step in (Step.PENDING, Step.FIRING, Step.DELIVERED) if step in story.reached]
    return reached[-1] if reached else "none"


def _worst(observation: Observation) -> str:
    drift = observation.drift()
    if not drift:
        return "-"
    feature = max(drift, key=lambda name: drift[name])
    return f"{_feature_name(feature)} {drift[feature]:.3f}"


def _feature_name(feature: str) -> str:
    return "the prediction" if feature == PREDICTION_FEATURE else feature
