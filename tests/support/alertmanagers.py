"""The two Alertmanagers that the generated files are for: the oldest, and the newest where there is one."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from tests.support.programs import TOOLS, require, used, version

NEWEST = "INFRANAUT_ALERTMANAGER"
"""Names another folder with `alertmanager` and `amtool` of a newer version."""
FETCHED = TOOLS.parent / "newest" / "bin"
"""Where deploy/local/services.sh puts them."""

Generation = Literal["oldest", "newest"]
GENERATIONS: tuple[Generation, ...] = ("oldest", "newest")


@dataclass(frozen=True, slots=True)
class AlertmanagerPrograms:
    """Server and command, and the version to generate for."""

    server: Path
    amtool: Path
    version: str

    def run(self, *arguments: str | Path) -> str:
        """What amtool prints."""
        done = subprocess.run([self.amtool, *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def programs(generation: Generation) -> AlertmanagerPrograms:
    """Those of a generation; the test is skipped where no newer one is given."""
    if generation == "oldest":
        return AlertmanagerPrograms(require("alertmanager"), require("amtool"), "0.25")
    folder = Path(os.environ.get(NEWEST) or FETCHED)
    server = folder / "alertmanager"
    if not server.exists():
        pytest.skip(f"no newest Alertmanager: {server} is not there; run deploy/local/services.sh, or set {NEWEST}")
    used.setdefault("alertmanager (newest)", version(server))
    return AlertmanagerPrograms(server, folder / "amtool", "0.28")
