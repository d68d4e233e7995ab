"""What is said where Prometheus, or its promtool, is not there, refuses, or has gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.cli.backtesting.block_server import BlockServer
from exporter.cli.backtesting.programs import find_tools
from exporter.errors import InvalidSettings, ServiceFailed
from tests.support.ports import free_port


def a_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_promtool_beside_prometheus_goes_first(tmp_path: Path) -> None:
    server, beside = (a_program(tmp_path / "tools" / "bin" / name) for name in ("prometheus", "promtool"))
    a_program(tmp_path / "path" / "promtool")
    found = find_tools({"INFRANAUT_TOOLS": str(tmp_path / "tools"), "PATH": str(tmp_path / "path")})
    assert (found.prometheus, found.promtool) == (server, beside)


def test_without_promtool_it_says_where_that_comes_from(tmp_path: Path) -> None:
    a_program(tmp_path / "bin" / "prometheus")
    with pytest.raises(InvalidSettings, match=r"promtool is neither beside .*prometheus nor on PATH.*apt install"):
        find_tools({"INFRANAUT_TOOLS": str(tmp_path), "PATH": str(tmp_path)})


def test_a_server_that_does_not_answer_is_told_with_the_query(tmp_path: Path) -> None:
    with pytest.raises(ServiceFailed, match=r"Prometheus did not answer up == 1: .*refused"):
        BlockServer(f"http://127.0.0.1:{free_port()}", tmp_path).range("up\n== 1", 0, 60, 60)


def test_a_server_that_has_ended_says_why_itself(tmp_path: Path) -> None:
    def check() -> None:
        raise ServiceFailed("prometheus ended with code 2")

    with pytest.raises(ServiceFailed, match="ended with code 2"):
        BlockServer(f"http://127.0.0.1:{free_port()}", tmp_path, check).instant("up", 0)
