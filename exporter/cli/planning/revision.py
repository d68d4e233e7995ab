"""Monitors as they are somewhere else: in another folder, or in another revision of their repository."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.cli.planning.assumed import with_reference
from exporter.cli.planning.planned import PlannedFiles
from exporter.cli.signals import interrupted_by_signals
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidMonitors, InvalidSettings, Mistake
from exporter.monitor.load import load_monitors


@dataclass(frozen=True, slots=True)
class Against:
    """What is compared with: how it is named, and what stands there."""

    name: str
    planned: PlannedFiles


def planned_files(paths: Sequence[Path]) -> PlannedFiles:
    """The monitors and OpenSLO objectives as they are now; InvalidMonitors, InvalidReference."""
    loaded = load_monitors(paths, check_expressions)
    return PlannedFiles([with_reference(monitor) for monitor in loaded.monitors], loaded.objectives)


def files_against(asked: str, paths: Sequence[Path]) -> Against:
    """What is in a folder, where there is one of this name, else what is at `paths` in a revision of git."""
    folder = Path(asked)
    if folder.exists():
        return Against(asked, planned_files([folder]))
    with interrupted_by_signals(), tempfile.TemporaryDirectory(prefix="infranaut-plan-") as temporary:
        return Against(asked, _of_revision(asked, paths, Path(temporary)))


def _of_revision(revision: str, paths: Sequence[Path], temporary: Path) -> PlannedFiles:
    git = shutil.which("git")
    if git is None:
        raise InvalidSettings(
            f"--against {revision}: no such folder, and git, which could read a revision, is not on PATH"
        )
    places: dict[Path, Path] = {}
    for number, path in enumerate(paths):
        extracted = temporary / str(number)
        _extract(_Repository(git, path, revision), extracted)
        places[extracted] = path
    found = []
    with _telling(revision, places):
        everything = load_monitors(list(places), check_expressions)
        for loaded in everything.monitors:
            root = next(root for root in places if loaded.path.is_relative_to(root))
            now = places[root]
            elsewhere = now if now.is_file() else now / loaded.path.relative_to(root)
            found.append(with_reference(loaded, elsewhere))
    return PlannedFiles(found, everything.objectives)


class _Repository:
    """The repository that a path is in."""

    def __init__(self, git: str, path: Path, revision: str) -> None:
        self._git = git
        self._folder = path if path.is_dir() else path.parent
        self._revision = revision
        top = self.run(
            "rev-parse",
            "--show-toplevel",
            wrong=f"no folder has this name, and {path} is in no git repository of which it could be a revision; name "
            f"a folder that is there",
        )
        self.top = Path(top.decode().strip())
        wrong = (
            f"no folder has this name, and the repository {self.top} has no such revision; name a folder that is there "
            f"or fetch the revision (actions/checkout: fetch-depth: 0)"
        )
        self.commit = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", wrong=wrong
        )
        self.inside = path.resolve().relative_to(self.top.resolve()).as_posix()

    def run(self, *arguments: str, wrong: str) -> bytes:
        """What git prints; InvalidSettings saying what is `wrong` when it refuses."""
        command = [self._git, "-C", str(self._folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, found above
        if done.returncode != 0:
            told = done.stderr.decode(errors="replace").strip().splitlines()
            reason = f" ({told[-1]})" if told and "not a git repository" not in told[-1] else ""
            raise InvalidSettings(f"--against {self._revision}: {wrong}{reason}")
        return done.stdout


def _extract(repository: _Repository, target: Path) -> None:
    """The file or folder as it was, in `target`."""
    commit, inside = repository.commit.decode().strip(), repository.inside
    wrong = f"{inside} is not in it"
    archive = repository.run("-C", str(repository.top), "archive", "--format=tar", commit, "--", inside, wrong=wrong)
    raw = target.with_name(f"{target.name}.raw")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(raw, filter="data")
    place = raw / inside
    if place.is_file():
        target.mkdir()
        place.rename(target / place.name)
    else:
        place.rename(target)


@contextmanager
def _telling(revision: str, places: dict[Path, Path]) -> Iterator[None]:
    """Names files of the revision as `REV:path`, not as they are called in the temporary folder."""
    try:
        yield
    except InvalidMonitors as error:
        raise InvalidMonitors([_named(mistake, revision, places) for mistake in error.mistakes]) from error


def _named(mistake: Mistake, revision: str, places: dict[Path, Path]) -> Mistake:
    path = Path(mistake.path)
    for root, now in places.items():
        if path.is_relative_to(root):
            shown = now if now.is_file() else now / path.relative_to(root)
            return Mistake(f"{revision}:{shown}", mistake.line, mistake.key, mistake.message)
    return mistake
