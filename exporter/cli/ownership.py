"""Refuses to run where another distribution owns one of the five import packages.

`rules` or `dashboards` are words that others use too. Files of two distributions in one folder mix in silence, so the
names that Infranaut needs must be its own. The lists of installed files are searched as bytes: reading them through
`importlib.metadata` takes 0.2 s, this takes 6 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from exporter.errors import InvalidSettings

PACKAGES = ("exporter", "collectors", "rules", "dashboards", "alertmanager")
DISTRIBUTION = "infranaut"


def require_own_packages(folders: Iterable[str] | None = None) -> None:
    """Raises InvalidSettings, naming package and owner, if a distribution in `folders` (sys.path) owns one of ours."""
    for folder in dict.fromkeys(sys.path if folders is None else folders):
        for distribution, package in foreign_owners(Path(folder)):
            raise InvalidSettings(
                f"the package {package!r} in {folder} belongs to {distribution}, and Infranaut has one of that name: "
                "install Infranaut into an environment of its own (a virtual environment, pipx, uv tool)"
            )


def foreign_owners(folder: Path) -> Iterator[tuple[str, str]]:
    """Every (distribution, package) where a distribution other than Infranaut installed one of the five packages."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.name.endswith(".dist-info"))
    except OSError:
        return
    for entry in entries:
        name = entry.name.rpartition(".")[0]
        if name.partition("-")[0] == DISTRIBUTION:
            continue
        installed = _installed_files(entry)
        yield from ((name, package) for package in PACKAGES if f"\n{package}/".encode() in installed)


def _installed_files(metadata: Path) -> bytes:
    """What the distribution's list of files holds, each file on a line of its own; nothing for one without a list."""
    try:
        return b"\n" + (metadata / "RECORD").read_bytes()
    except OSError:
        return b""
