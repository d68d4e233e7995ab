"""TSDB blocks, made by Prometheus' own promtool from text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.errors import InvalidSettings, ServiceFailed

BLOCK_S = 7200
"""What Prometheus' own youngest blocks span, aligned to the epoch; it puts them together by itself."""

LONGEST_BLOCK_S = BLOCK_S * 3**9
"""The longest that promtool makes; each length is three times the one before."""
_MOST_STEPS = 1100

_WORK = ".backfill"
_LAST_WORDS = 500


def find_promtool(asked: Path | None, tools: Path = Path(".tools")) -> Path:
    """The one that was asked for, else that of `.tools/bin`, else that on PATH; InvalidSettings when there is none."""
    if asked is not None:
        if shutil.which(asked) is None:
            raise InvalidSettings(f"--promtool {asked}: no program is there")
        return asked
    for place in (str(tools / "bin"), None):
        found = shutil.which("promtool", path=place)
        if found is not None:
            return Path(found)
    raise InvalidSettings(
        "promtool is neither in .tools/bin nor on PATH; it comes with Prometheus (apt install prometheus, or "
        "make services): name it with --promtool"
    )


@contextmanager
def block_folder(out: Path) -> Iterator[Path]:
    """A folder to work in, whose blocks are moved to `out` when all went well; InvalidSettings when that holds any.

    Blocks of two backfills of one period would not do harm in themselves, but nobody could tell which is which.
    """
    if out.exists() and (not out.is_dir() or any(entry.name != _WORK for entry in out.iterdir())):
        raise InvalidSettings(f"--out {out}: is there and not empty; name a new folder")
    work = out / _WORK
    shutil.rmtree(work, ignore_errors=True)
    try:
        (work / "blocks").mkdir(parents=True)
        yield work
        for block in sorted((work / "blocks").iterdir()):
            block.rename(out / block.name)
    except OSError as error:
        raise InvalidSettings(f"--out {out}: cannot be written to: {error.strerror}; name another folder") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def block_length_s(step_s: int) -> int:
    """How long blocks are to be that hold samples at such steps: promtool takes its time to start, for each anew."""
    length_s = BLOCK_S
    while length_s < LONGEST_BLOCK_S and 3 * length_s <= _MOST_STEPS * step_s:
        length_s *= 3
    return length_s


def create_blocks(promtool: Path, text: Path, work: Path, length_s: int = BLOCK_S) -> None:
    """Adds the blocks of an OpenMetrics file to those in the work folder; ServiceFailed with what promtool says.

    length_s : from the start of one block to that of the next, aligned to the epoch.
    """
    command: list[str | Path] = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--quiet",
        f"--max-block-duration={length_s}s",
        text,
        work / "blocks",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, found above
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip())[-_LAST_WORDS:]
        raise ServiceFailed(f"promtool could not make blocks (exit code {done.returncode}): {words}")
