"""Two exporters with the same monitors, a Prometheus with the generated rules, an Alertmanager and a webhook.

Prometheus has seen every series at 0 before the first row is sent: what happened before a series began is invisible to
`increase`. Nobody else scrapes the exporters until then, because a new segment is shown at 0 to the first scrape only.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from tests.support.exporters import COMMAND, RunningExporter, an_exporter
from tests.support.models import Event, WatchedModel, watched_models
from tests.support.polling import wait_until
from tests.support.reference_data import write_table
from tests.support.services import RunningAlertmanager, RunningPrometheus, a_prometheus_config, alertmanager, prometheus
from tests.support.webhook import WebhookDouble, webhook_double

JOB = "ml"
PATIENCE_S = 90
"""For a scrape or a count, on cores that others use as well."""

TRAINING_ROWS = 4_000
LABELLED_SHARE = 0.8
SCRAPE_INTERVAL, EVALUATION_INTERVAL = "1s", "750ms"
"""Unlike each other, so that every few evaluations one falls well between two scrapes."""

Labelled = tuple[Event, Any]


@dataclass(frozen=True, slots=True)
class SentToReplica:
    """What one exporter was sent and had to count: events, and (event, ground truth) of those that were labelled."""

    model: WatchedModel
    instance: str
    events: Sequence[Event]
    labelled: Sequence[Labelled]


@dataclass(slots=True)
class Fleet:
    """Everything that runs, and what was sent to it."""

    models: Mapping[str, WatchedModel]
    training: Mapping[str, Sequence[Event]]
    generated: Path
    exporters: Sequence[RunningExporter]
    prometheus: RunningPrometheus
    alertmanager: RunningAlertmanager
    webhook: WebhookDouble
    sent: list[SentToReplica] = field(default_factory=list)
    settled_at_s: float = 0.0
    """From when on every scrape holds everything."""

    def sent_to(self, model: str) -> list[SentToReplica]:
        return [part for part in self.sent if part.model.name == model]

    def send_everything(self) -> None:
        """To the first exporter rows of an unchanged world, to the second those of a changed one, and some rubbish."""
        for model in self.models.values():
            for index, exporter in enumerate(self.exporters):
                self.sent.append(_send(model, exporter, seed=index + 1, has_changed=index == 1))
        for name in self.models:
            parts = self.sent_to(name)
            self._wait_for(f'infranaut_predictions_total{{monitor="{name}"}}', sum(len(part.events) for part in parts))
            self._wait_for(f'infranaut_labels_total{{monitor="{name}"}}', sum(len(part.labelled) for part in parts))
        self.settled_at_s = time.time()

    def _wait_for(self, selector: str, rows: int) -> None:
        wait_until(lambda: self._sees(selector, rows), PATIENCE_S, f"{rows} rows in {selector}")

    def _sees(self, selector: str, rows: int) -> bool:
        """Whether Prometheus has scraped so many; more would never become fewer."""
        seen = self.prometheus.value(f"sum({selector})")
        assert seen <= rows, f"{selector}: {seen:g} of {rows}"
        return seen == rows


@contextmanager
def a_fleet(folder: Path) -> Iterator[Fleet]:
    """The fleet once it has counted, scraped and evaluated everything."""
    with webhook_double() as webhook:
        models = {model.name: model for model in watched_models(f"{webhook.url}/hook")}
        training = {name: model.training_rows(TRAINING_ROWS, seed=9) for name, model in models.items()}
        monitors, generated = _prepare(folder, models, training)
        with (
            alertmanager(_impatient(generated / "alertmanager"), folder) as receiver,
            an_exporter(folder / "a", monitors, processes=1) as first,
            an_exporter(folder / "b", monitors, processes=2) as second,
            prometheus(_configuration(generated, receiver, (first, second)), folder) as server,
        ):
            fleet = Fleet(models, training, generated, (first, second), server, receiver, webhook)
            wait_until(
                lambda: len(server.query("count by (instance) (infranaut_feature_bin_total == 0)")) == 2,
                PATIENCE_S,
                "both exporters scraped at 0",
            )
            fleet.send_everything()
            yield fleet


def _prepare(
    folder: Path, models: Mapping[str, WatchedModel], training: Mapping[str, Sequence[Event]]
) -> tuple[Path, Path]:
    """The folders of the monitors with their references, and of the generated files."""
    monitors, generated = folder / "monitors", folder / "generated"
    (monitors / "reference").mkdir(parents=True)
    (monitors / "more.ndjson").touch()
    for name, model in models.items():
        (monitors / f"{name}.yaml").write_text(yaml.safe_dump(model.monitor, sort_keys=False), encoding="utf-8")
        data = monitors / model.monitor["spec"]["reference"]["path"]
        write_table(data, pa.Table.from_pylist([dict(row) for row in training[name]]))
    with ThreadPoolExecutor() as pool:
        builds = [("reference", "build", "--monitor", str(monitors / f"{name}.yaml")) for name in models]
        list(pool.map(_infranaut, [*builds, ("generate", "all", "--monitors", str(monitors), "--out", str(generated))]))
    return monitors, generated


def _infranaut(arguments: Sequence[str]) -> None:
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _impatient(folder: Path) -> Path:
    """The generated configuration, with a first message after one second instead of ten."""
    path = folder / "alertmanager.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("group_wait: 10s", "group_wait: 1s"), encoding="utf-8")
    return path


def _configuration(
    generated: Path, receiver: RunningAlertmanager, exporters: Sequence[RunningExporter]
) -> dict[str, Any]:
    rule_files = sorted((generated / "rules").glob("*.yaml"))
    targets = {JOB: [exporter.address for exporter in exporters]}
    config = a_prometheus_config(targets, rule_files, receiver.address, SCRAPE_INTERVAL)
    config["global"]["evaluation_interval"] = EVALUATION_INTERVAL
    return config


def _send(model: WatchedModel, exporter: RunningExporter, seed: int, *, has_changed: bool) -> SentToReplica:
    count = 3_000 if has_changed else 2_000
    now_s = time.time()
    events = model.live_events(f"{exporter.address}-", count, now_s, seed, has_changed=has_changed)
    labels = model.labels_of(events, LABELLED_SHARE, seed)
    id_field, time_field = model.events["id"], model.events["timestamp"]
    too_old = {**events[0], id_field: "too-old", time_field: 0}
    first, second = events[: count // 2], events[count // 2 :]
    assert exporter.post_predictions(model.name, [*first, too_old]).json()["rejected"] == 1
    assert exporter.post_predictions(model.name, [*first[:5], *second]).json()["reasons"] == {"duplicate": 5}
    answer = exporter.post_labels(model.name, labels).json()
    assert answer["accepted"] == len(labels), answer
    truth = {label[id_field]: label["label"] for label in labels}
    labelled = [(event, truth[event[id_field]]) for event in events if event[id_field] in truth]
    return SentToReplica(model, exporter.address, events, labelled)
