"""Memory that forked processes share, and a lock that a dying process lets go of."""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

_ALIGNMENT = 64

Shape = tuple[int, ...]


class SharedMemory:
    """Named NumPy arrays over one anonymous mapping: zeroed, inherited by forked children, gone with the last of them.

    Pages cost memory only once they are touched, so arrays may be laid out for the most that could come.
    """

    def __init__(self, arrays: Mapping[str, tuple[npt.DTypeLike, Shape]]) -> None:
        offsets: dict[str, int] = {}
        size = 0
        for name, (dtype, shape) in arrays.items():
            offsets[name] = size
            size += _aligned(np.dtype(dtype).itemsize * int(np.prod(shape)))
        self._mapping = mmap.mmap(-1, max(size, mmap.PAGESIZE))
        self._arrays: dict[str, npt.NDArray[Any]] = {
            name: np.ndarray(shape, dtype, buffer=self._mapping, offset=offsets[name])
            for name, (dtype, shape) in arrays.items()
        }

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._arrays[name]


class SharedLock:
    """Mutual exclusion between forked processes, by a record lock: the kernel frees it when its holder dies.

    Within one process it excludes nobody: each process uses it from one thread.
    """

    def __init__(self) -> None:
        self._file = os.memfd_create("infranaut-lock")

    def __enter__(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def is_taken_at_once(self) -> bool:
        """Takes the lock, if nobody has it; entering it again afterwards has no effect."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)


@contextmanager
def published(sequence: npt.NDArray[np.uint64]) -> Iterator[None]:
    """Marks writes that readers should see whole: the sequence is odd while they are under way (a seqlock)."""
    sequence[0] += np.uint64(1)
    try:
        yield
    finally:
        sequence[0] += np.uint64(1)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
