"""What the embedded warm tier says of a file that is damaged, and of a disk that is full."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.file.connection import FILE_NAME
from exporter.errors import DiskFailed
from tests.support.archives import ORIGIN, predictions, varied_predictions
from tests.support.clocks import MovedClock
from tests.support.landed import assert_counts_are_right, everything, land
from tests.support.warm_places import an_embedded_tier


def test_a_file_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, not at all" * 1_000)
    with pytest.raises(DiskFailed, match=r"no sound database.*move the folder away.*tiers restore"):
        open_embedded(tmp_path, MovedClock())


def test_a_file_with_damaged_pages_says_what_to_do(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path) as tier:
        land(tier, *(varied_predictions(np.random.default_rng(number), 400, f"p{number}") for number in range(20)))
    path = tmp_path / FILE_NAME
    with path.open("r+b") as stream:
        for offset in range(16_384, path.stat().st_size, 16_384):
            stream.seek(offset)
            stream.write(b"\xff" * 512)
    with (
        an_embedded_tier(tmp_path, is_read_only=True) as tier,
        pytest.raises(DiskFailed, match=r"move the folder away"),
    ):
        everything(tier)


def test_rows_that_cannot_be_read_say_what_to_do(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path) as tier:
        land(tier, predictions(["a"]))
        with sqlite3.connect(tmp_path / FILE_NAME) as other:
            other.execute("update chunks set body = substr(body, 1, length(body) / 2)")
        other.close()
        with pytest.raises(DiskFailed, match=r"cannot be read.*move the folder away"):
            everything(tier)
        with pytest.raises(DiskFailed, match=r"cannot be read.*move the folder away"):
            land(tier, predictions(["a"]))


def test_a_full_disk_takes_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LAND_ON_A_FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    landed = int(done.stdout)
    with an_embedded_tier(tmp_path) as tier:
        assert tier.claim(ORIGIN).next_sequence == landed
        assert len(everything(tier)) == 1_000 * landed
        assert_counts_are_right(tier)


_LAND_ON_A_FULL_DISK = f"""
import resource, signal, sys
from pathlib import Path
import numpy as np
from exporter.archive.warm.embedded import open_embedded
from exporter.errors import RetryLater
from tests.support.archives import a_stream, varied_predictions
from tests.support.clocks import MovedClock

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
tier, _ = open_embedded(Path(sys.argv[1]), MovedClock())
tier.migrate()
claim = tier.claim({ORIGIN!r})
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
try:
    while True:
        number = claim.next_sequence
        entries = a_stream(varied_predictions(np.random.default_rng(number), 1_000, f"p{{number}}"), first=number)
        claim = tier.land(claim, entries).claim
except RetryLater as error:
    assert "room" in str(error) or "refuses" in str(error), error
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
claim = tier.land(claim, entries).claim
tier.close()
print(claim.next_sequence)
"""
