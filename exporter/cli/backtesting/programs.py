"""Prometheus over a folder of blocks, for as long as something is asked of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.cli.backtesting.block_server import TIMEOUT_S, BlockServer
from exporter.cli.demo.processes import started_programs
from exporter.cli.demo.services import find_programs, free_ports
from exporter.errors import InvalidSettings


@dataclass(frozen=True, slots=True)
class Tools:
    """Where Prometheus' programs are."""

    prometheus: Path
    promtool: Path


def find_tools(environment: Mapping[str, str] | None = None) -> Tools:
    """Where `infranaut demo` and `infranaut backfill` look; InvalidSettings saying how to get what is missing."""
    known = os.environ if environment is None else environment
    prometheus = find_programs(known).prometheus
    if prometheus is None:
        raise InvalidSettings(
            "prometheus is neither in .tools/bin nor on PATH; a backtest asks a real one: apt install prometheus, or "
            "make services"
        )
    beside = prometheus.with_name("promtool")
    promtool = beside if beside.exists() else shutil.which("promtool", path=known.get("PATH", ""))
    if promtool is None:
        raise InvalidSettings(
            f"promtool is neither beside {prometheus} nor on PATH; it comes with Prometheus: apt install prometheus, "
            f"or make services"
        )
    return Tools(prometheus, Path(promtool))


@contextmanager
def over_blocks(tools: Tools, blocks: Path, logs: Path) -> Iterator[BlockServer]:
    """Answers over the blocks in a folder, which is its own from now on, and over what is written to it."""
    config = logs / "prometheus.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("{}\n")
    _take_the_past(blocks)
    (port,) = free_ports(1)
    command: list[str | Path] = [
        tools.prometheus,
        f"--config.file={config}",
        f"--storage.tsdb.path={blocks}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--web.enable-admin-api",
        "--query.max-samples=1000000000",
        f"--query.timeout={TIMEOUT_S}s",
        "--storage.tsdb.retention.time=200y",
        "--storage.tsdb.min-block-duration=200y",
        "--storage.tsdb.max-block-duration=200y",
    ]
    with started_programs(logs) as programs:
        programs.start("prometheus", command, f"http://127.0.0.1:{port}/-/ready")
        yield BlockServer(f"http://127.0.0.1:{port}", blocks, programs.check)


def _take_the_past(blocks: Path) -> None:
    """Prometheus takes no sample that is older than its blocks, unless they say of themselves that they came late.

    Each file is put anew: the same one may stand in other folders.
    """
    for path in blocks.glob("*/meta.json"):
        meta = json.loads(path.read_bytes())
        meta["compaction"]["hints"] = ["from-out-of-order"]
        path.unlink()
        path.write_text(json.dumps(meta), encoding="utf-8")
