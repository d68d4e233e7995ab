"""deploy/local/newest_alertmanager.sh: from the mirror that apt uses, started once, and told where it cannot be had."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "deploy" / "local" / "newest_alertmanager.sh"
NEEDED = ("cat", "chmod", "cp", "dirname", "mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sh", "sort", "touch")
MIRROR = "https://mirror.example.com/debian/ bookworm main"
OTHERS = (
    "https://apt.example.com/node/ nodistro main\nhttps://mirror.example.com/debian-security/ bookworm-security main"
)


def test_it_comes_from_the_suite_sid_of_the_mirror_that_apt_uses_and_is_not_fetched_again(tmp_path: Path) -> None:
    told = a_machine(tmp_path, targets=f"{OTHERS}\n{MIRROR}", sid="echo 'alertmanager, version 0.99 (x)'")
    program = tmp_path / "tools/newest/bin/alertmanager"
    assert told == f"newest alertmanager 0.99 from {program}\n"
    assert os.access(program.with_name("amtool"), os.X_OK)
    assert (tmp_path / "sources").read_text().split("] ")[-1] == "https://mirror.example.com/debian/ sid main\n"
    (tmp_path / "path" / "apt-get").unlink()
    assert run(tmp_path) == told


def test_where_that_of_sid_does_not_start_it_is_that_of_stable(tmp_path: Path) -> None:
    told = a_machine(tmp_path, targets=MIRROR, sid="exit 1", stable="echo 'alertmanager, version 0.88 (x)'")
    assert told.startswith("newest alertmanager 0.88 from ")


def test_one_that_never_starts_is_told(tmp_path: Path) -> None:
    told = a_machine(tmp_path, targets=MIRROR, sid="exit 1", stable="exit 1")
    assert told == "newest alertmanager missing: it does not start here; its tests are skipped\n"


def test_what_apt_cannot_fetch_is_told_with_its_reason(tmp_path: Path) -> None:
    told = a_machine(tmp_path, targets=MIRROR)
    assert told == "newest alertmanager missing: apt-get download failed: no such package; its tests are skipped\n"


def test_without_a_mirror_of_debian_none_is_asked(tmp_path: Path) -> None:
    told = a_machine(tmp_path, targets="https://archive.example.com/ubuntu/ noble main")
    assert told == "newest alertmanager missing: apt has no mirror of Debian here; its tests are skipped\n"
    assert not (tmp_path / "sources").exists()


def a_machine(folder: Path, targets: str, **suites: str) -> str:
    """What the script prints where apt knows `targets`, and the Alertmanager of each suite is that shell script."""
    for suite, body in suites.items():
        for name in ("prometheus-alertmanager", "amtool"):
            a_program(folder / suite / "usr/bin" / name, body)
        (folder / suite / "usr/share/prometheus/alertmanager").mkdir(parents=True)
    path = folder / "path"
    path.mkdir()
    for name in NEEDED:
        (path / name).symlink_to(str(shutil.which(name)))
    source = "for word; do case $word in Dir::Etc::sourcelist=*) list=${word#*=} ;; esac; done"
    suite = f"{source}; cp $list {folder}/sources; suite=$(sed 's/.* \\([a-z]*\\) main/\\1/' $list)"
    download = f'{suite}; [ -d {folder}/$suite ] || {{ echo "E: no such package" >&2; exit 100; }}; touch $suite.deb'
    a_program(path / "apt-get", f"case \"$*\" in *indextargets*) echo '{targets}' ;; *download*) {download} ;; esac")
    a_program(path / "apt-cache", "exit 0")
    a_program(path / "dpkg-deb", f"name=${{2##*/}}; cp -r {folder}/${{name%.deb}}/. $3")
    a_program(path / "ldd", "exit 0")
    return run(folder)


def a_program(program: Path, body: str) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def run(folder: Path) -> str:
    environment = {"PATH": str(folder / "path"), "TMPDIR": str(folder)}
    command = [str(SCRIPT), str(folder / "tools")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
