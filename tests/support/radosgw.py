"""A Ceph of one monitor, one OSD in memory and one radosgw: a real S3 that checks signatures and keeps locks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.programs import find, running, used, version

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
START_DEADLINE_S = 90
COMMAND_S = 60

_CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
run dir = {folder}
admin socket =
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 2147483648
mon data = {folder}/mon
osd data = {folder}/osd
[client.radosgw]
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
"""


@dataclass(frozen=True, slots=True)
class RunningRadosgw:
    """Where it listens, and a user of it."""

    port: int
    access_key: str = "cold"
    secret: str = "cold-secret"


@contextmanager
def radosgw(folder: Path) -> Iterator[RunningRadosgw]:
    """Skips the test where Ceph is not installed; that is never required."""
    programs = {name: find(name) for name in PROGRAMS}
    missing = [name for name, program in programs.items() if program is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} of Ceph on PATH: install ceph-mon, ceph-osd and radosgw")
    used.setdefault("radosgw", version(programs["radosgw"] or Path()))
    server = RunningRadosgw(free_port())
    ceph = _Ceph({name: str(program) for name, program in programs.items()}, folder / "ceph", server.port)
    ceph.prepare()
    with running(ceph.command("ceph-mon", "-f", "-i", "a"), folder / "mon.out"):
        ceph.run("ceph", "osd", "create")
        ceph.run("ceph-osd", "-i", "0", "--mkfs")
        with running(ceph.command("ceph-osd", "-f", "-i", "0"), folder / "osd.out"):
            user = (
                "--uid=cold",
                "--display-name=cold",
                f"--access-key={server.access_key}",
                f"--secret={server.secret}",
            )
            ceph.run("radosgw-admin", "-n", "client.radosgw", "user", "create", *user)
            with running(ceph.command("radosgw", "-f", "-n", "client.radosgw"), folder / "rgw.out"):
                wait_until(lambda: _answers(server.port), START_DEADLINE_S, "radosgw answering")
                yield server


class _Ceph:
    def __init__(self, programs: dict[str, str], folder: Path, port: int) -> None:
        self._programs, self._folder, self._port = programs, folder, port

    def prepare(self) -> None:
        """The configuration, and the monitor's first state."""
        for name in ("mon", "osd", "rgw"):
            (self._folder / name).mkdir(parents=True)
        fsid, mon_port = str(uuid4()), free_port()
        text = _CONFIGURATION.format(fsid=fsid, mon_port=mon_port, folder=self._folder, port=self._port)
        (self._folder / "ceph.conf").write_text(text)
        monmap = str(self._folder / "monmap")
        self.run("monmaptool", "--create", "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", "--fsid", fsid, monmap)
        self.run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap)

    def command(self, program: str, *arguments: str) -> list[str | Path]:
        return [self._programs[program], "-c", str(self._folder / "ceph.conf"), *arguments]

    def run(self, program: str, *arguments: str) -> None:
        command = self.command(program, *arguments)
        ran = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)
        assert ran.returncode == 0, f"{program}: {ran.stderr}{ran.stdout}"


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok
    except requests.ConnectionError:
        return False
