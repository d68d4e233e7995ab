"""Pieces of annotations, which are Go templates that Prometheus fills in."""

from __future__ import annotations

import json
from collections.abc import Sequence

from exporter import catalog
from exporter.monitor.spec import DriftMeasure, Monitor
from rules import names
from rules.promql import equals, select

VERSION = f"{{{{ $labels.{names.MODEL_VERSION} }}}}"
FEATURE = (
    f'{{{{ if eq $labels.{names.FEATURE} "__prediction__" }}}}the prediction'
    f"{{{{ else }}}}feature {{{{ $labels.{names.FEATURE} }}}}{{{{ end }}}}"
)
SEGMENT = f"{{{{ with $labels.{names.SEGMENT} }}}}, segment {{{{ . }}}}{{{{ end }}}}"

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
    matchers = ",".join(f"{label}=%q" for label in labels)
    values = " ".join(f"$labels.{label}" for label in labels)
    return (
        f"{{{{ with printf `{series}{{{matchers}}}` {values} | query }}}}"
        f"{{{{ . | first | value | {verb} }}}}{{{{ else }}}}unknown{{{{ end }}}}"
    )


def looked_up_threshold(monitor: Monitor, check: str, verb: str) -> str:
    """The monitor's threshold as the exporter exposes it now, which may no longer be that of the file."""
    series = select(catalog.MONITOR_THRESHOLD.name, monitor, equals(names.CHECK, check))
    query = json.dumps(series, ensure_ascii=False)
    return f"{{{{ with query {query} }}}}{{{{ . | first | value | {verb} }}}}{{{{ else }}}}unknown{{{{ end }}}}"
