"""Real Prometheus and Alertmanager for the tests: on free loopback ports, their state in the test's own folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.programs import require, running

START_DEADLINE_S = 30
REQUEST_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class QueriedSample:
    """One series of an instant query's answer."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class SampledSeries:
    """One series with its samples as they were scraped: (seconds since the epoch, value)."""

    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class RunningPrometheus:
    """A Prometheus that answers at `url`."""

    url: str

    def query(self, expr: str, time: float | None = None) -> list[QueriedSample]:
        """What an instant query answers, now or at `time`; a scalar is one sample without labels."""
        at = {} if time is None else {"time": repr(time)}
        answer = self._get("/api/v1/query", {"query": expr, **at})
        if answer["resultType"] in ("scalar", "string"):
            return [QueriedSample({}, float(answer["result"][1]))]
        return [QueriedSample(series["metric"], float(series["value"][1])) for series in answer["result"]]

    def value(self, expr: str, time: float | None = None) -> float:
        """The value of a query that answers exactly one sample."""
        samples = self.query(expr, time)
        assert len(samples) == 1, f"{expr}: {len(samples)} samples instead of one"
        return samples[0].value

    def wait_for(self, expr: str, deadline_s: float) -> list[QueriedSample]:
        """The first answer of `expr` that holds a sample."""
        return wait_until(lambda: self.query(expr), deadline_s, f"a sample of {expr}")

    def history(self, selector: str, time: float) -> list[SampledSeries]:
        """Every sample of a range selector, such as `up[5m]`, up to `time`."""
        answer = self._get("/api/v1/query", {"query": selector, "time": repr(time)})
        return [
            SampledSeries(series["metric"], tuple((float(at_s), float(value)) for at_s, value in series["values"]))
            for series in answer["result"]
        ]

    def alerts(self) -> list[dict[str, Any]]:
        """The pending and firing alerts: labels, annotations, state, value."""
        return list(self._get("/api/v1/alerts")["alerts"])

    def reload(self) -> None:
        """Reads its configuration and rules again."""
        requests.post(f"{self.url}/-/reload", timeout=REQUEST_TIMEOUT_S).raise_for_status()

    def _get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """The data of an answer; AssertionError with the reason that Prometheus gives."""
        body = requests.get(f"{self.url}{path}", params=parameters, timeout=REQUEST_TIMEOUT_S).json()
        assert body["status"] == "success", f"{path} {parameters}: {body.get('error')}"
        return body["data"]


@dataclass(frozen=True, slots=True)
class RunningAlertmanager:
    """An Alertmanager that answers at `url`; `address` is how Prometheus names it."""

    url: str
    address: str

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that it holds, silenced and inhibited ones included."""
        answer = requests.get(f"{self.url}/api/v2/alerts", timeout=REQUEST_TIMEOUT_S)
        answer.raise_for_status()
        return list(answer.json())


def a_prometheus_config(
    targets: Mapping[str, Sequence[str]] | None = None,
    rule_files: Sequence[Path] = (),
    alertmanager_address: str | None = None,
    interval: str = "1s",
) -> dict[str, Any]:
    """A configuration: job → addresses to scrape, rules, and where alerts go, all at one interval."""
    alertmanagers = [{"static_configs": [{"targets": [alertmanager_address]}]}] if alertmanager_address else []
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(path) for path in rule_files],
        "alerting": {"alertmanagers": alertmanagers},
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": list(addresses)}]}
            for job, addresses in (targets or {}).items()
        ],
    }


@contextmanager
def prometheus(config: Mapping[str, Any], directory: Path, flags: Sequence[str] = ()) -> Iterator[RunningPrometheus]:
    """A real Prometheus over `config`, with its files under `directory`.

    It learns of its Alertmanager up to 5 s after its start; without the flag, what fires before is sent a minute later.
    """
    program = require("prometheus")
    port = free_port()
    config_file = _write_yaml(directory / "prometheus.yml", config)
    command: list[str | Path] = [
        program,
        f"--config.file={config_file}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-lifecycle",
        "--rules.alert.resend-delay=1s",
        *flags,
    ]
    url = f"http://127.0.0.1:{port}"
    with running(command, directory / "prometheus.log") as process:
        wait_until(_is_ready(process, f"{url}/-/ready"), START_DEADLINE_S, "Prometheus ready")
        yield RunningPrometheus(url)


@contextmanager
def alertmanager(
    config: Mapping[str, Any] | Path, directory: Path, flags: Sequence[str] = (), program: Path | None = None
) -> Iterator[RunningAlertmanager]:
    """A real Alertmanager over `config` (a mapping, or a file as it stands), with its files under `directory`."""
    program = program or require("alertmanager")
    port = free_port()
    config_file = config if isinstance(config, Path) else _write_yaml(directory / "alertmanager.yml", config)
    command: list[str | Path] = [
        program,
        f"--config.file={config_file}",
        f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        *flags,
    ]
    url = f"http://127.0.0.1:{port}"
    with running(command, directory / "alertmanager.log") as process:
        wait_until(_is_ready(process, f"{url}/-/ready"), START_DEADLINE_S, "Alertmanager ready")
        yield RunningAlertmanager(url, f"127.0.0.1:{port}")


def _write_yaml(path: Path, content: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False))
    return path


def _is_ready(process: subprocess.Popen[bytes], url: str) -> Callable[[], bool]:
    def ask() -> bool:
        assert process.poll() is None, f"{process.args!r} ended with code {process.returncode} instead of starting"
        try:
            return requests.get(url, timeout=REQUEST_TIMEOUT_S).ok
        except requests.ConnectionError:
            return False

    return ask
