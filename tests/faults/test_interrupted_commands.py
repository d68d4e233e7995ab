"""Ctrl-C and SIGTERM end a command in order: no process and no temporary folder stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.golden_monitors import GOLDEN
from tests.support.polling import wait_until
from tests.support.programs import require

MONITOR = """\
apiVersion: infranaut.io/v1
kind: Monitor
metadata: {name: payments}
spec:
  model: {name: payments, task: regression}
  events: {id: id, timestamp: ts, prediction: amount}
  features: {age: {type: number}}
"""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def running(folder: Path, *arguments: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command of ours, whose temporary files are below `folder`/tmp."""
    (folder / "tmp").mkdir()
    command = [sys.executable, "-c", "from exporter.cli import main; main()", *map(str, arguments)]
    known = {**os.environ, "TMPDIR": str(folder / "tmp"), **environment}
    process = subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def programs_of(folder: Path, name: str) -> list[int]:
    """Processes whose command names the program, and a place in the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            program, *arguments = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if name.encode() in program and any(str(folder).encode() in each for each in (program, *arguments)):
            found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_backtest_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    require("prometheus")
    at = np.arange(0.0, 6 * 3600, 10)
    ids = [f"p{row}" for row in range(len(at))]
    pq.write_table(pa.table({"id": ids, "ts": 1_749_996_000 + at, "age": at, "amount": at}), tmp_path / "data.parquet")
    (tmp_path / "m.yaml").write_text(MONITOR)
    files = ("--monitor", tmp_path / "m.yaml", "--data", tmp_path / "data.parquet")
    with running(tmp_path, "backtest", *files) as process:
        wait_until(lambda: programs_of(tmp_path / "tmp", "prometheus"), 60, "Prometheus over the blocks")
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.endswith("interrupted\n")
    assert programs_of(tmp_path / "tmp", "prom") == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_plan_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """While git is at work, which takes its time here."""
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "git"
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    slow.chmod(0o755)
    monitors = GOLDEN / "monitors" / "credit-default.yaml"
    path = f"{slow.parent}:{os.environ['PATH']}"
    with running(tmp_path, "plan", "--monitors", monitors, "--against", "HEAD", PATH=path) as process:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), 60, "git")
        assert [each.name.startswith("infranaut-plan-") for each in (tmp_path / "tmp").iterdir()] == [True]
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.endswith("interrupted\n")
    wait_until(lambda: is_gone((tmp_path / "pid").read_text().strip()), 60, "the end of git")
    assert list((tmp_path / "tmp").iterdir()) == []


def is_gone(pid: str) -> bool:
    """A process that has ended has no command, also where nobody has asked for its exit code yet."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() == b""
    except OSError:
        return True
