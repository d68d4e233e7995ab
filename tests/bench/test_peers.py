from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.bench.harness import interleave
from tests.bench.peers import PeerProcess, PeerUnavailable, environment

SCRIPT = """
import json, sys
job = json.loads(sys.stdin.readline())
print("set up", file=sys.stderr, flush=True)
for number, line in enumerate(sys.stdin):
    if number == job["dies_at"]:
        sys.exit("out of luck")
    print(json.dumps({"cpu_s": 0.5, "wall_s": 0.25, "rows": job["rows"]}), flush=True)
"""


def a_tiny_wheel(folder: Path, version: str) -> Path:
    """A wheel of one module, `tinypeer`, which needs no network and no build."""
    wheel = folder / f"tinypeer-{version}-py3-none-any.whl"
    information = f"tinypeer-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tinypeer.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: tinypeer\nVersion: {version}\n")
        archive.writestr(
            f"{information}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{information}/RECORD", "")
    return wheel


def version_in(python: Path, tmp_path: Path) -> object:
    script = tmp_path / "version.py"
    script.write_text(
        "import json, sys, tinypeer\nsys.stdin.readline()\nsys.stdin.readline()\n"
        'print(json.dumps({"cpu_s": 0, "wall_s": 0, "version": tinypeer.VERSION}))\n'
    )
    with PeerProcess(python, script, {}, tmp_path / "stderr") as peer:
        peer()
        return peer.answer["version"]


def a_peer(tmp_path: Path, *, dies_at: int = -1, script: str = SCRIPT) -> PeerProcess:
    path = tmp_path / "peer.py"
    path.write_text(script)
    return PeerProcess(Path(sys.executable), path, {"rows": 7, "dies_at": dies_at}, tmp_path / "stderr")


def test_an_environment_is_made_once_and_again_when_its_requirements_change(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "environments"
    first, second = str(a_tiny_wheel(tmp_path, "1.0")), str(a_tiny_wheel(tmp_path, "2.0"))
    python = environment("tiny", [first], root)
    assert version_in(python, tmp_path) == "1.0"
    assert "tiny: making its environment" in capfd.readouterr().err
    assert environment("tiny", [first], root) == python
    assert capfd.readouterr().err == ""
    environment("tiny", [second], root)
    assert version_in(python, tmp_path) == "2.0"


def test_what_cannot_be_installed_is_told_in_a_line_and_tried_again_next_time(tmp_path: Path) -> None:
    wanted = tmp_path / "tinypeer-1.0-py3-none-any.whl"
    with pytest.raises(PeerUnavailable, match=r"tiny: .*tinypeer-1\.0"):
        environment("tiny", [str(wanted)], tmp_path / "environments")
    a_tiny_wheel(tmp_path, "1.0")
    assert version_in(environment("tiny", [str(wanted)], tmp_path / "environments"), tmp_path) == "1.0"


def test_a_name_that_would_leave_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no name of an environment"):
        environment("../elsewhere", [], tmp_path)


def test_a_peer_times_its_own_rounds(tmp_path: Path) -> None:
    with a_peer(tmp_path) as peer:
        timings = interleave({"peer": peer}, rounds=2)
    assert (timings["peer"].cpu_s, timings["peer"].wall_s) == (0.5, 0.25)
    assert peer.answer["rows"] == 7


def test_a_peer_that_dies_in_mid_run_is_unavailable_with_its_last_words(tmp_path: Path) -> None:
    with a_peer(tmp_path, dies_at=1) as peer:
        peer()
        with pytest.raises(PeerUnavailable, match=r"peer\.py answered '': out of luck"):
            peer()


def test_a_peer_that_answers_something_else_is_unavailable(tmp_path: Path) -> None:
    with a_peer(tmp_path, script="input(); input(); print('[1, 2]', flush=True); input()") as peer:  # noqa: SIM117
        with pytest.raises(PeerUnavailable, match=r"peer\.py answered '\[1, 2\]"):
            peer()


def test_a_peer_that_has_ended_is_unavailable(tmp_path: Path) -> None:
    with a_peer(tmp_path, dies_at=0) as peer:
        for _ in range(2):
            with pytest.raises(PeerUnavailable, match="peer"):
                peer()
