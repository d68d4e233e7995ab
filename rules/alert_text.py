"""Pieces of annotations, which are Go templates that Prometheus fills in."""

from __future__ import annotations

import json
from collections.abc import Sequence

from exporter import catalog
from exporter.monitor.spec import DriftMeasure, Monitor, PerformanceMetric
from rules import names
from rules.promql import equals, select

VERSION = f"{{{{ $labels.{names.MODEL_VERSION} }}}}"
FEATURE = (
    f'{{{{ if eq $labels.{names.FEATURE} "__prediction__" }}}}the prediction'
    f"{{{{ else }}}}feature {{{{ $labels.{names.FEATURE} }}}}{{{{ end }}}}"
)
SEGMENT = f"{{{{ with $labels.{names.SEGMENT} }}}}, segment {{{{ . }}}}{{{{ end }}}}"

METRICS: dict[PerformanceMetric, str] = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "auc": "AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error (ECE)",
    "mae": "mean absolute error (MAE)",
    "rmse": "root mean squared error (RMSE)",
    "bias": "bias",
}

MEASURES: dict[DriftMeasure, str] = {
    "psi": "PSI",
    "kl": "KL divergence",
    "js": "Jensen-Shannon distance",
    "hellinger": "Hellinger distance",
    "tv": "total variation distance",
    "chi2": "chi-square statistic",
    "ks": "Kolmogorov-Smirnov statistic",
    "wasserstein": "Wasserstein distance",
}


def plain(text: str) -> str:
    """Text of a person inside a template: braces stay what they are."""
    return text.replace("{{", '{{ "{{" }}')


def looked_up(series: str, labels: Sequence[str], verb: str) -> str:
    """The value of the series that bears the same `labels` as the alert, printed by `verb`, a template function."""
    return _looked_up(f"{series}{_same(labels)}", labels, verb)


def looked_up_count(series: str, labels: Sequence[str]) -> str:
    """The same of how many there were, which an increase gives with a fraction."""
    return _looked_up(f"round({series}{_same(labels)})", labels, "humanize")


def looked_up_complement(series: str, labels: Sequence[str]) -> str:
    """The same of a share: how much is missing to all of it, in percent."""
    return _looked_up(f"1 - {series}{_same(labels)}", labels, "humanizePercentage")


def _same(labels: Sequence[str]) -> str:
    return f"{{{','.join(f'{label}=%q' for label in labels)}}}"


def _looked_up(query: str, labels: Sequence[str], verb: str) -> str:
    values = " ".join(f"$labels.{label}" for label in labels)
    return (
        f"{{{{ with printf `{query}` {values} | query }}}}"
        f"{{{{ . | first | value | {verb} }}}}{{{{ else }}}}unknown{{{{ end }}}}"
    )


def looked_up_threshold(monitor: Monitor, check: str, verb: str) -> str:
    """The monitor's threshold as the exporter exposes it now, which may no longer be that of the file."""
    series = select(catalog.MONITOR_THRESHOLD.name, monitor, equals(names.CHECK, check))
    query = json.dumps(series, ensure_ascii=False)
    return f"{{{{ with query {query} }}}}{{{{ . | first | value | {verb} }}}}{{{{ else }}}}unknown{{{{ end }}}}"
