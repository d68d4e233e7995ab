from __future__ import annotations

import pytest

from exporter.cli.archive_access import person


def test_the_person_behind_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setenv("SUDO_USER", "ann")
    assert person() == "ann as root"
    monkeypatch.delenv("SUDO_USER")
    assert person() == "root"
