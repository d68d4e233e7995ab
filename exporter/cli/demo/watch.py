"""Looks at what the exporter and Prometheus say about the monitor now."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec
import requests

from exporter.cli.demo.model import METRICS
from exporter.cli.demo.monitor_file import DRIFT_WINDOW, PERFORMANCE_WINDOW
from exporter.cli.demo.services import Addresses
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import select

_TIMEOUT_S = 5.0

T = TypeVar("T")


class WatchedFeature(msgspec.Struct, frozen=True):
    """A feature as `GET /v1/monitors/{name}` tells it."""

    feature: str
    observations: int
    measures: Mapping[str, float | None]
    zscore: float | None
    is_drifted: bool

    @property
    def psi(self) -> float | None:
        return self.measures.get("psi")


class _Version(msgspec.Struct):
    features: list[WatchedFeature]


class _MonitorAnswer(msgspec.Struct):
    versions: list[_Version]


@dataclass(frozen=True, slots=True)
class WatchedAlert:
    """An alert of Prometheus; `feature` is empty for those that are about none."""

    name: str
    feature: str
    state: Literal["pending", "firing"]

    def __str__(self) -> str:
        return f"{self.name} {self.feature}".strip()


class _PrometheusAlert(msgspec.Struct):
    labels: dict[str, str]
    state: Literal["pending", "firing"]


class _Alerts(msgspec.Struct):
    alerts: list[_PrometheusAlert]


class _AlertsAnswer(msgspec.Struct):
    data: _Alerts


class _Sample(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Samples(msgspec.Struct):
    result: list[_Sample]


class _QueryAnswer(msgspec.Struct):
    data: _Samples


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen in one look. `recorded_psi` and `performance` are Prometheus's recorded series."""

    features: tuple[WatchedFeature, ...] = ()
    alerts: tuple[WatchedAlert, ...] = ()
    recorded_psi: Mapping[str, float] | None = None
    performance: float | None = None

    def drift(self) -> dict[str, float]:
        """PSI by feature: Prometheus's where it has recorded it, else the exporter's own."""
        own = {feature.feature: feature.psi for feature in self.features if feature.psi is not None}
        return dict(sorted((own | dict(self.recorded_psi or {})).items()))


class Watcher:
    """Asks over HTTP; a service that does not answer in time is left as it was last seen."""

    def __init__(self, addresses: Addresses, monitor: Monitor) -> None:
        self._addresses, self._monitor = addresses, monitor
        self._session = requests.Session()
        self._last = Observation()

    def observe(self) -> Observation:
        try:
            self._last = self._observe()
        except requests.RequestException:
            return self._last
        return self._last

    def close(self) -> None:
        self._session.close()

    def _observe(self) -> Observation:
        answer = self._get(f"{self._addresses.exporter}/v1/monitors/{self._monitor.name}", _MonitorAnswer)
        features = tuple(feature for version in answer.versions[:1] for feature in version.features)
        server = self._addresses.prometheus
        if server is None:
            return Observation(features)
        alerts = self._get(f"{server}/api/v1/alerts", _AlertsAnswer).data.alerts
        metric = METRICS[self._monitor.spec.model.task]
        performance = self._query(names.performance(metric, PERFORMANCE_WINDOW))
        psi = self._query(names.drift_measure("psi", DRIFT_WINDOW))
        return Observation(
            features,
            tuple(_watched(alert) for alert in alerts),
            {sample.metric[names.FEATURE]: float(sample.value[1]) for sample in psi},
            next((value for sample in performance if math.isfinite(value := float(sample.value[1]))), None),
        )

    def _query(self, series: str) -> list[_Sample]:
        query = {"query": select(series, self._monitor)}
        return self._get(f"{self._addresses.prometheus}/api/v1/query", _QueryAnswer, query).data.result

    def _get(self, url: str, kind: type[T], parameters: Mapping[str, Any] | None = None) -> T:
        answer = self._session.get(url, params=parameters, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=kind)


def _watched(alert: _PrometheusAlert) -> WatchedAlert:
    feature = alert.labels.get(names.FEATURE) or alert.labels.get(names.METRIC, "")
    return WatchedAlert(alert.labels["alertname"], feature, alert.state)
