"""Golden files: what a piece of output looked like when it was last looked at.

`pytest --update-golden` writes them again; the change is then read in the diff.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GoldenFiles:
    """Compares text with files; writes them instead where `is_updating`."""

    is_updating: bool

    def check(self, path: Path, actual: str) -> None:
        if self.is_updating:
            path.write_text(actual, encoding="utf-8")
        assert path.exists(), f"{path} is missing; write it with: pytest --update-golden"
        assert actual == path.read_text(encoding="utf-8"), f"differs from {path}; if it should: pytest --update-golden"
