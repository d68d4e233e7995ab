"""Labels and pieces of annotations, which are Go templates that Prometheus fills in."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.monitor.spec import DriftMeasure, Monitor
from rules import names

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


def alert_labels(monitor: Monitor, **more: str) -> dict[str, str]:
    """Severity, monitor, and the team and tier that the monitor names."""
    given = monitor.metadata.labels
    own = {label: given[label] for label in (names.TEAM, names.TIER) if label in given}
    labels = {names.SEVERITY: monitor.spec.alerts.severity, names.MONITOR: monitor.name, **own, **more}
    return {label: plain(text) for label, text in labels.items()}


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
