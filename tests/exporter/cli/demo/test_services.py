import socket
from pathlib import Path

import pytest

from exporter.cli.demo.services import Addresses, Programs, find_programs, free_ports


def a_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_programs_are_found_in_the_tools_folder_before_path(tmp_path: Path) -> None:
    wanted = a_program(tmp_path / "tools" / "bin" / "prometheus")
    a_program(tmp_path / "path" / "prometheus")
    debian = a_program(tmp_path / "path" / "prometheus-alertmanager")
    environment = {"INFRANAUT_TOOLS": str(tmp_path / "tools"), "PATH": str(tmp_path / "path")}
    assert find_programs(environment) == Programs(prometheus=wanted, alertmanager=debian)


def test_the_tools_of_the_folder_that_one_stands_in_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = a_program(tmp_path / ".tools" / "bin" / "alertmanager")
    monkeypatch.chdir(tmp_path)
    assert find_programs({}).alertmanager == wanted


def test_what_is_not_found_is_missing(tmp_path: Path) -> None:
    programs = find_programs({"INFRANAUT_TOOLS": str(tmp_path), "PATH": ""})
    assert programs.missing == ["prometheus", "alertmanager"]
    assert Programs(tmp_path, None).missing == ["alertmanager"]


def test_urls_for_people_name_only_what_runs() -> None:
    alone = Addresses("http://a", "http://b", None, None)
    assert set(alone.for_people("oven")) == {"overview", "metrics", "drift"}
    every = Addresses("http://a", "http://b", "http://c", "http://d")
    assert every.for_people("oven")["prometheus"] == "http://c/alerts"
    assert every.for_people("oven")["alertmanager"] == "http://d/#/alerts"


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
