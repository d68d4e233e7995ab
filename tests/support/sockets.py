"""Requests byte by byte, and which process holds which end of a connection (from Linux's /proc)."""

from __future__ import annotations

from pathlib import Path

_LOCAL, _REMOTE, _INODE = 1, 2, 9


def address_of(url: str) -> tuple[str, int]:
    """What a socket connects to."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)


def head_of_post(path: str, length: int) -> bytes:
    """Everything before a body of so many bytes."""
    return f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n".encode()


def inode_of_peer(port: int) -> int:
    """The inode of the socket at the far end of the connection whose near end is the local TCP port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (inode,) = [int(row[_INODE]) for row in rows if _port(row[_REMOTE]) == port and int(row[_INODE])]
    return inode


def inodes_of(pid: int) -> set[int]:
    """The inodes of the sockets that a process has open."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            inodes.add(int(target[len("socket:[") : -1]))
    return inodes


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)
