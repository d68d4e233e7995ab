"""Memory and a lock between forked processes."""

from __future__ import annotations

import os
import signal

import numpy as np

from exporter.window.memory import SharedLock, SharedMemory, published


def test_a_child_writes_what_its_parent_reads() -> None:
    memory = SharedMemory({"numbers": (np.int64, (3,))})
    pid = os.fork()
    if pid == 0:
        memory["numbers"][1] = 42
        os._exit(0)
    os.waitpid(pid, 0)
    assert memory["numbers"].tolist() == [0, 42, 0]


def test_a_lock_held_by_a_killed_process_is_free() -> None:
    lock, (readable, writable) = SharedLock(), os.pipe()
    pid = os.fork()
    if pid == 0:
        with lock:
            os.write(writable, b"locked")
            signal.pause()
        os._exit(1)
    assert os.read(readable, 6) == b"locked"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with lock:
        assert True
    os.close(readable)
    os.close(writable)


def test_increments_under_the_lock_are_never_lost() -> None:
    lock, memory = SharedLock(), SharedMemory({"number": (np.int64, (1,))})
    children = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            for _ in range(2000):
                with lock:
                    memory["number"][0] += 1
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    assert memory["number"][0] == 6000


def test_a_write_under_way_has_an_odd_sequence() -> None:
    sequence = np.zeros(1, dtype=np.uint64)
    with published(sequence):
        assert sequence[0] == 1
    assert sequence[0] == 2
