"""Runs a demonstration from beginning to end: everything that is started here has ended when it returns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from exporter.cli.demo.monitor_file import DemoMonitor, write_monitor
from exporter.cli.demo.outcome import DemoOutcome, outcome_of
from exporter.cli.demo.processes import StartedPrograms, started_programs
from exporter.cli.demo.receiver import AlertReceiver, alert_receiver
from exporter.cli.demo.scenario import Scenario
from exporter.cli.demo.screen import Picture, Screen
from exporter.cli.demo.services import HOW_TO_GET_THEM, Addresses, Programs, find_programs, start_services
from exporter.cli.demo.story import DemoTiming, Phase, Story
from exporter.cli.demo.stream import Stream
from exporter.cli.demo.watch import Observation, Watcher
from exporter.clock import Clock

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """rate: rows a second; is_once: ends when the alert has arrived; folder: where everything is written."""

    rate: float
    timing: DemoTiming
    is_once: bool
    folder: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DemoEnd:
    """How it ended: the figures, and what went wrong, if anything."""

    outcome: DemoOutcome
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Stage:
    """What runs during a demonstration."""

    children: StartedPrograms
    receiver: AlertReceiver
    stream: Stream
    watcher: Watcher
    story: Story
    addresses: Addresses
    threshold: float


def run_demo(scenario: Scenario, settings: DemoSettings, screen: Screen, clock: Clock) -> DemoEnd:
    """Blocks until the alert has arrived (`is_once`), has not arrived in time, or Ctrl-C; then stops everything."""
    with ExitStack() as stack:
        stage = _set_up(scenario, settings, screen, clock, stack)
        try:
            problem = _play(stage, settings, screen, clock)
        except KeyboardInterrupt:
            is_early = settings.is_once and stage.story.phase is not Phase.TOLD
            problem = "stopped before the alert had arrived" if is_early else None
        figures = stage.stream.figures
        return DemoEnd(outcome_of(stage.story, figures, stage.story.programs, stage.addresses, clock.now()), problem)


def _set_up(scenario: Scenario, settings: DemoSettings, screen: Screen, clock: Clock, stack: ExitStack) -> _Stage:
    folder = settings.folder.absolute()
    programs = find_programs(settings.environment)
    receiver = stack.enter_context(alert_receiver(clock))
    monitor = write_monitor(scenario, folder / "monitors", receiver.url, settings.rate, clock.now())
    children = stack.enter_context(started_programs(folder / "logs"))
    addresses = start_services(children, programs, monitor.loaded.monitor, monitor.loaded.path, folder)
    _introduce(scenario, programs, addresses, folder, screen)
    stream = _start_stream(scenario, monitor, addresses, settings, clock, stack)
    story = Story(scenario, settings.timing, programs, lambda plan: setattr(stream, "plan", plan), clock.now())
    watcher = stack.enter_context(closing(Watcher(addresses, monitor.loaded.monitor)))
    threshold = monitor.loaded.monitor.spec.drift.threshold
    return _Stage(children, receiver, stream, watcher, story, addresses, threshold)


def _start_stream(
    scenario: Scenario,
    monitor: DemoMonitor,
    addresses: Addresses,
    settings: DemoSettings,
    clock: Clock,
    stack: ExitStack,
) -> Stream:
    stream = Stream(scenario, monitor, addresses.ingest, settings.rate, clock)
    stream.start()
    stack.callback(stream.stop)
    return stream


def _introduce(scenario: Scenario, programs: Programs, addresses: Addresses, folder: Path, screen: Screen) -> None:
    screen.tell(scenario.story)
    for note in scenario.notes:
        screen.tell(note)
    screen.tell(f"files and logs: {folder}")
    for name, url in addresses.for_people(scenario.name).items():
        screen.tell(f"  {name:<13}{url}")
    if programs.missing:
        screen.tell(f"missing: {' and '.join(programs.missing)}; {HOW_TO_GET_THEM}")


def _play(stage: _Stage, settings: DemoSettings, screen: Screen, clock: Clock) -> str | None:
    """Looks, tells and shows; gives what went wrong. Without `is_once` it only ends by an exception."""
    while True:
        stage.children.check()
        stage.stream.check()
        observation, now = stage.watcher.observe(), clock.now()
        performance = _performance(stage, observation)
        for sentence in stage.story.advance(observation, performance, stage.receiver.deliveries, now):
            screen.tell(sentence)
        screen.show(Picture(stage.story, stage.stream.figures, observation, performance, stage.threshold, now))
        problem = stage.story.problem(now)
        if settings.is_once and (problem or stage.story.phase is Phase.TOLD):
            return problem
        time.sleep(_LOOK_EVERY_S)


def _performance(stage: _Stage, observation: Observation) -> float | None:
    """Prometheus's recorded series where it runs; else what the labels that were sent say."""
    return observation.performance if stage.addresses.prometheus else stage.stream.figures.performance
