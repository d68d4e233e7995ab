import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLD_PYTHON = "#!/bin/sh\nexit 1\n"


def a_copy_of_the_project(folder: Path) -> Path:
    """What venv.sh reads, in a folder of its own, so that it makes no .venv in the real one."""
    shutil.copytree(ROOT / "deploy" / "local", folder / "deploy" / "local")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def a_stamped_venv(project: Path, extra: str) -> Path:
    """A .venv whose Python notes how it was called and fails, stamped as up to date for `extra`."""
    venv = project / ".venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho "$*" >>{project}/calls\ncase "$*" in *"pip install"*) exit 1 ;; esac\n')
    python.chmod(0o755)
    checksum = subprocess.run(
        "cat pyproject.toml constraints.txt | cksum",
        shell=True,
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    (venv / "infranaut-stamp").write_text(f"{extra} {checksum.stdout.strip()} {project}\n")
    return venv


def make_venv(project: Path, *extra: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(project / "deploy" / "local" / "venv.sh"), *extra]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def calls(project: Path) -> str:
    path = project / "calls"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("extra", ["demo", "dev"])
def test_what_is_up_to_date_is_left_alone(tmp_path: Path, extra: str) -> None:
    project = a_copy_of_the_project(tmp_path)
    a_stamped_venv(project, "dev")
    assert make_venv(project, extra).returncode == 0
    assert calls(project) == ""


def test_the_demos_packages_are_not_enough_for_the_tests(tmp_path: Path) -> None:
    project = a_copy_of_the_project(tmp_path)
    a_stamped_venv(project, "demo")
    told = make_venv(project, "dev")
    assert ".[dev]" in calls(project)
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].startswith("setup: pip could not install the packages")


def test_new_constraints_are_installed_into_the_same_environment(tmp_path: Path) -> None:
    project = a_copy_of_the_project(tmp_path)
    venv = a_stamped_venv(project, "dev")
    (project / "constraints.txt").write_text("click==8.1.8\n")
    make_venv(project)
    assert "-c constraints.txt" in calls(project)
    assert (venv / "bin" / "python").exists()


def test_an_environment_that_was_moved_is_made_again(tmp_path: Path) -> None:
    elsewhere = a_copy_of_the_project(tmp_path / "elsewhere")
    a_stamped_venv(elsewhere, "dev")
    moved = elsewhere.rename(tmp_path / "moved")
    told = make_venv(moved, PYTHON="/absent/python3")
    assert "no Python 3.11 or newer found" in told.stderr


def test_a_python_that_is_too_old_is_told_in_one_line(tmp_path: Path) -> None:
    project = a_copy_of_the_project(tmp_path / "project")
    old = tmp_path / "python3"
    old.write_text(OLD_PYTHON)
    old.chmod(0o755)
    told = make_venv(project, PYTHON=str(old))
    assert told.returncode == 1
    assert told.stderr == (
        "setup: no Python 3.11 or newer found: install one, or name it with PYTHON=/path/to/python3\n"
    )
