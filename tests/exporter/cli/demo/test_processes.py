import os
import sys
from pathlib import Path

import pytest

from exporter.cli.demo.processes import started_programs
from exporter.errors import ServiceFailed
from tests.support.ports import free_port

SERVER = (
    "import http.server, sys; "
    "http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
)
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SERVER


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_program_runs_until_the_block_ends_even_by_an_exception(tmp_path: Path) -> None:
    pids: list[int] = []
    with pytest.raises(RuntimeError, match="on purpose"):
        run_and_fail(tmp_path, pids)
    assert len(pids) == 1
    assert not is_alive(pids[0])


def run_and_fail(folder: Path, pids: list[int]) -> None:
    port = free_port()
    with started_programs(folder) as programs:
        command = [sys.executable, "-c", SERVER, str(port)]
        pids.append(programs.start("server", command, f"http://127.0.0.1:{port}/").process.pid)
        programs.check()
        assert is_alive(pids[0])
        raise RuntimeError("on purpose")


def test_a_program_that_ends_by_itself_tells_its_code_and_its_log(tmp_path: Path) -> None:
    script = "import sys; print('the disk is full'); sys.exit(3)"
    with (
        started_programs(tmp_path) as programs,
        pytest.raises(ServiceFailed, match=r"(?s)server ended with code 3; .*server\.log:\n  the disk is full"),
    ):
        programs.start("server", [sys.executable, "-c", script], f"http://127.0.0.1:{free_port()}/")


def test_a_program_that_is_killed_later_is_noticed(tmp_path: Path) -> None:
    port = free_port()
    with started_programs(tmp_path) as programs:
        started = programs.start("server", [sys.executable, "-c", SERVER, str(port)], f"http://127.0.0.1:{port}/")
        started.process.kill()
        started.process.wait()
        with pytest.raises(ServiceFailed, match="server ended with code -9"):
            programs.check()


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.cli.demo.processes._STOP_PATIENCE_S", 0.2)
    port = free_port()
    with started_programs(tmp_path) as programs:
        pid = programs.start(
            "server", [sys.executable, "-c", STUBBORN, str(port)], f"http://127.0.0.1:{port}/"
        ).process.pid
    assert not is_alive(pid)


def test_a_program_that_never_answers_is_given_up_and_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.cli.demo.processes._START_PATIENCE_S", 0.3)
    with (
        pytest.raises(ServiceFailed, match=r"server did not answer http://127\.0\.0\.1:9/ within 0\.3 s"),
        started_programs(tmp_path) as programs,
    ):
        programs.start("server", [sys.executable, "-c", "import signal; signal.pause()"], "http://127.0.0.1:9/")
