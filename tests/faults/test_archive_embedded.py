"""The archive of one machine, without settings: whatever ends a process, what was acknowledged is there, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.faults import fill_up
from tests.chaos.restartable import RestartableExporter
from tests.chaos.verdict import judge, judge_tiers
from tests.chaos.world import ArchiveWorld, WorldPlan, a_world, reason_against_small_disks
from tests.support.judged_senders import BODIES, hurried_senders, judged_senders
from tests.support.polling import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveWorld]:
    """An exporter that runs; every test leaves it so."""
    with a_world(tmp_path_factory.mktemp("world")) as world:
        world.start()
        yield world


def test_kill_9_again_and_again_loses_and_doubles_nothing(world: ArchiveWorld) -> None:
    (exporter,) = world.exporters
    with judged_senders(world) as senders:
        for _ in range(2):
            senders.wait_for_more(BODIES)
            exporter.kill()
            exporter.start()
            exporter.wait_ready()
        senders.wait_for_more(BODIES)


@pytest.mark.parametrize("role", ["worker", "archivist"])
def test_a_killed_process_is_replaced_and_what_it_held_is_archived(world: ArchiveWorld, role: str) -> None:
    (exporter,) = world.exporters
    with judged_senders(world) as senders:
        for _ in range(2):
            senders.wait_for_more(BODIES)
            replace(exporter, role)
        senders.wait_for_more(BODIES)


def test_an_exporter_that_is_stopped_leaves_nothing_undone(world: ArchiveWorld) -> None:
    (exporter,) = world.exporters
    with judged_senders(world) as senders:
        senders.wait_for_more(BODIES)
        exporter.terminate()
        exporter.start()
        exporter.wait_ready()
        senders.wait_for_more(BODIES)


def test_a_reload_passes_the_spool_from_one_generation_to_the_next(world: ArchiveWorld) -> None:
    (exporter,) = world.exporters
    with judged_senders(world) as senders:
        for _ in range(2):
            senders.wait_for_more(BODIES)
            workers = exporter.running.children("worker")
            exporter.reload()
            wait_until(lambda old=workers: not old & exporter.running.children("worker"), 30, "new workers only")  # type: ignore[misc]  # bound at once
        senders.wait_for_more(BODIES)


def test_what_is_moved_to_cold_is_there_once(world: ArchiveWorld) -> None:
    with hurried_senders(world) as senders:
        senders.wait_for_more(BODIES)
    judgement = judge(world, senders)
    judge_tiers(judgement, world, senders)
    assert judgement.broken == []


def test_a_full_disk_makes_senders_wait_and_loses_nothing(tmp_path: Path) -> None:
    if reason := reason_against_small_disks():
        pytest.skip(reason)
    plan = WorldPlan(exporters=1, archive={"spool": {"limit": "16MiB", "file": "1MiB"}}, small_mb=64)
    with a_world(tmp_path, plan) as world:
        world.start()
        assert world.small_disk is not None
        with judged_senders(world) as senders:
            senders.wait_for_more(BODIES)
            ballast = fill_up(world.small_disk)
            wait_until(lambda: senders.statuses[503] > 20, 30, "senders told to wait")
            ballast.unlink()
            senders.wait_for_more(BODIES)
        assert "Traceback" not in world.exporters[0].running.text_of_log()


def replace(exporter: RestartableExporter, role: str) -> None:
    """kill -9, and waits until another has taken its place."""
    before = exporter.running.children(role)
    exporter.kill_child(role)
    wait_until(lambda: exporter.running.children(role) - before, 30, f"another {role}")
