"""Starts the exporter and, where they can be found, Prometheus and Alertmanager, on free loopback ports."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

import alertmanager
import dashboards
import rules
from exporter.cli.demo.processes import StartedPrograms
from exporter.monitor.spec import Monitor

PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
HOW_TO_GET_THEM = "apt install prometheus prometheus-alertmanager, or run the demo with: make demo"

_PROJECT = Path(__file__).parents[3]
_INTERVAL = "1s"


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs are; None where one cannot be found."""

    prometheus: Path | None
    alertmanager: Path | None

    @property
    def missing(self) -> list[str]:
        found = {PROMETHEUS: self.prometheus, ALERTMANAGER: self.alertmanager}
        return [name for name, path in found.items() if path is None]


def find_programs(environment: Mapping[str, str]) -> Programs:
    """Looks into INFRANAUT_TOOLS (where it is not set: `.tools` here, and in the project), then on PATH."""
    asked = environment.get("INFRANAUT_TOOLS")
    tools = [Path(asked)] if asked else [Path(".tools"), _PROJECT / ".tools"]
    path = os.pathsep.join([*(str((folder / "bin").absolute()) for folder in tools), environment.get("PATH", "")])
    return Programs(_find(PROMETHEUS, path), _find(ALERTMANAGER, path))


def _find(name: str, path: str) -> Path | None:
    found = shutil.which(name, path=path) or shutil.which(f"prometheus-{name}", path=path)
    return Path(found) if found else None


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs of what was started, without a slash at the end."""

    ingest: str
    exporter: str
    prometheus: str | None
    alertmanager: str | None

    def for_people(self, monitor: str) -> dict[str, str]:
        """What is worth opening in a browser, by what it shows."""
        urls = {"overview": f"{self.exporter}/", "metrics": f"{self.exporter}/metrics"}
        urls["drift"] = f"{self.exporter}/v1/monitors/{monitor}"
        if self.prometheus:
            urls["prometheus"] = f"{self.prometheus}/alerts"
        if self.alertmanager:
            urls["alertmanager"] = f"{self.alertmanager}/#/alerts"
        return urls


def start_services(
    children: StartedPrograms, programs: Programs, monitor: Monitor, path: Path, folder: Path
) -> Addresses:
    """The exporter always; Prometheus where it is found, Alertmanager with it. `path` is the monitor's file."""
    web_port, exporter = _start_exporter(children, path, folder)
    if programs.prometheus is None:
        return Addresses(exporter, f"http://127.0.0.1:{web_port}", None, None)
    _write_generated(monitor, folder)
    alertmanager_port = None
    if programs.alertmanager is not None:
        alertmanager_port = _start_alertmanager(children, programs.alertmanager, folder)
    prometheus_port = _start_prometheus(children, programs.prometheus, folder, web_port, alertmanager_port)
    return Addresses(
        exporter,
        f"http://127.0.0.1:{web_port}",
        f"http://127.0.0.1:{prometheus_port}",
        f"http://127.0.0.1:{alertmanager_port}" if alertmanager_port else None,
    )


def _start_exporter(children: StartedPrograms, monitor: Path, folder: Path) -> tuple[int, str]:
    ingest_port, web_port = free_ports(2)
    command: Sequence[str | Path] = [
        *(sys.executable, "-P", "-c", "from exporter.cli import main; main()", "serve"),
        *("--monitors", monitor, "--state", folder / "state"),
        *("--listen", f"127.0.0.1:{ingest_port}", "--web-listen", f"127.0.0.1:{web_port}"),
    ]
    children.start("exporter", command, f"http://127.0.0.1:{web_port}/-/ready")
    return web_port, f"http://127.0.0.1:{ingest_port}"


def _write_generated(monitor: Monitor, folder: Path) -> None:
    """What `infranaut generate all` writes."""
    generated = {
        "rules": rules.render([monitor]),
        "dashboards": dashboards.render([monitor]),
        "alertmanager": alertmanager.render([monitor]),
    }
    for kind, files in generated.items():
        (folder / kind).mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / kind / name).write_text(text, encoding="utf-8")


def _start_alertmanager(children: StartedPrograms, program: Path, folder: Path) -> int:
    (port,) = free_ports(1)
    command: Sequence[str | Path] = [
        program,
        f"--config.file={folder / 'alertmanager' / 'alertmanager.yaml'}",
        f"--storage.path={folder / 'alertmanager-data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    children.start(ALERTMANAGER, command, f"http://127.0.0.1:{port}/-/ready")
    return port


def _start_prometheus(
    children: StartedPrograms, program: Path, folder: Path, exporter_port: int, alertmanager_port: int | None
) -> int:
    (port,) = free_ports(1)
    config = folder / "prometheus.yaml"
    config.write_text(yaml.safe_dump(_prometheus_config(folder, exporter_port, alertmanager_port), sort_keys=False))
    command: Sequence[str | Path] = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'prometheus-data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--rules.alert.resend-delay={_INTERVAL}",
    ]
    children.start(PROMETHEUS, command, f"http://127.0.0.1:{port}/-/ready")
    return port


def _prometheus_config(folder: Path, exporter_port: int, alertmanager_port: int | None) -> dict[str, object]:
    targets = [f"127.0.0.1:{alertmanager_port}"] if alertmanager_port else []
    return {
        "global": {"scrape_interval": _INTERVAL, "scrape_timeout": _INTERVAL, "evaluation_interval": _INTERVAL},
        "rule_files": [str((folder / "rules").absolute() / "*.yaml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": targets}]}]},
        "scrape_configs": [{"job_name": "infranaut", "static_configs": [{"targets": [f"127.0.0.1:{exporter_port}"]}]}],
    }


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listened on a moment ago, all different."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
