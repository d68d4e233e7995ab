import os
import shutil
import stat
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "deploy" / "local" / "services.sh"
NEEDED = ("cut", "dirname", "ln", "mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sh")


def a_path_with(folder: Path, **programs: str) -> Path:
    """A folder to be PATH: what the script itself needs, and `programs` (name with _ for -) as shell scripts."""
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, body in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


def services(path: Path, tools: Path, *packages: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "INFRANAUT_TOOLS": str(tools), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    return subprocess.run(
        [str(SCRIPT), *packages], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_without_apt_each_missing_service_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    told = services(a_path_with(tmp_path / "path"), tmp_path / "tools")
    assert told.returncode == 0
    assert told.stdout.splitlines() == [
        "prometheus missing: no apt-get here; install it and put it on PATH",
        "alertmanager missing: no apt-get here; install it and put it on PATH",
    ]


def test_without_network_the_message_carries_the_reason_of_apt(tmp_path: Path) -> None:
    path = a_path_with(tmp_path / "path", apt_get="echo 'E: Could not resolve host' >&2; exit 100", dpkg_deb="exit 1")
    told = services(path, tmp_path / "tools", "prometheus")
    assert told.returncode == 0
    assert told.stdout == (
        "prometheus missing: apt-get update failed: Could not resolve host; install it and put it on PATH\n"
    )


def test_programs_on_path_are_preferred_and_linked_under_their_projects_names(tmp_path: Path) -> None:
    version = "echo 'alertmanager, version 0.99 (branch: x)'"
    path = a_path_with(tmp_path / "path", prometheus_alertmanager=version, amtool=version, apt_get="exit 1")
    told = services(path, tmp_path / "tools", "prometheus-alertmanager")
    assert told.stdout == f"alertmanager 0.99 from {path}/prometheus-alertmanager\n"
    assert told.stderr == ""
    assert (tmp_path / "tools" / "bin" / "amtool").readlink() == path / "amtool"


def test_a_service_without_its_tool_is_not_taken_from_path(tmp_path: Path) -> None:
    path = a_path_with(tmp_path / "path", prometheus="echo 'prometheus, version 9'")
    told = services(path, tmp_path / "tools", "prometheus")
    assert told.stdout.startswith("prometheus missing: no apt-get here")


def test_what_is_unpacked_already_is_not_fetched_again(tmp_path: Path) -> None:
    apt = 'case "$*" in *download*) touch redis-server.deb ;; esac'
    program = "$3/usr/bin/redis-server"
    unpack = f"mkdir -p $3/usr/bin; printf '#!/bin/sh\\necho version 7.0\\n' >{program}; chmod +x {program}"
    path = a_path_with(tmp_path / "path", apt_get=apt, dpkg_deb=unpack)
    for name in ("touch", "chmod"):
        (path / name).symlink_to(str(shutil.which(name)))
    first = services(path, tmp_path / "tools", "redis-server")
    (path / "apt-get").unlink()
    second = services(path, tmp_path / "tools", "redis-server")
    assert first.stdout == f"redis-server 7.0 from {tmp_path}/tools/redis-server/usr/bin/redis-server\n"
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert [entry.name for entry in (tmp_path / "tools").iterdir() if entry.name.endswith(".new")] == []
