"""How the exporter runs: addresses, processes, folders and limits; what it watches stands in the monitors."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from exporter.archive.configuration import ArchiveConfiguration
from exporter.errors import InvalidSettings
from exporter.monitor.size import parse_size_bytes

DEFAULT_INGEST = "127.0.0.1:8750"
DEFAULT_WEB = "127.0.0.1:9750"
DEFAULT_STATE = "infranaut-state"
DEFAULT_BODY_LIMIT = "64MiB"


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port to listen on; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Settings of `infranaut serve`.

    processes        : ingest processes.
    body_limit_bytes : the largest body, before and after inflating.
    in_flight_bytes  : bodies held at once by one process; beyond it senders are told to wait.
    stop_after_s     : how long requests under way may take once the exporter stops.
    archive          : where the tiers are; the section `archive` of the settings file.
    """

    monitors: tuple[Path, ...]
    ingest: Address = field(default_factory=lambda: parse_address(DEFAULT_INGEST))
    web: Address = field(default_factory=lambda: parse_address(DEFAULT_WEB))
    processes: int = 1
    state: Path = Path(DEFAULT_STATE)
    body_limit_bytes: int = 64 * 2**20
    in_flight_bytes: int = 256 * 2**20
    stop_after_s: int = 20
    archive: ArchiveConfiguration = field(default_factory=ArchiveConfiguration)

    @property
    def writers(self) -> int:
        """Processes that write to spools: those of ingest, and the collectors."""
        return self.processes + 1

    @property
    def spools(self) -> Path:
        """The folder of all spools; each slot has one in it."""
        return self.state / "spool"

    def spool_of(self, slot: int) -> Path:
        """The folder of one slot's spool."""
        return self.spools / f"{slot:02d}"

    @property
    def pseudonym_key(self) -> Path:
        """The file with the key of `privacy.pseudonymise`."""
        key = self.archive.pseudonym_key
        return self.state / "pseudonym-key" if key is None else Path(key)


def parse_address(text: str) -> Address:
    """`HOST:PORT`, `[IPV6]:PORT` or `:PORT` (every interface); InvalidSettings otherwise."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65_535:
        raise InvalidSettings(f"{text!r} is not an address; write HOST:PORT, for example 127.0.0.1:8750")
    return Address(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 - asked for by leaving the host out


def parse_size(text: str) -> int:
    """Bytes of `64MiB`, `10MB`, `4096`; InvalidSettings otherwise."""
    try:
        return parse_size_bytes(text)
    except ValueError as error:
        raise InvalidSettings(str(error)) from error
