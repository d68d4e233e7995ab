"""Lists inside annotations: what contributes most to an alert, by name, as Prometheus finds it when the alert fires."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.catalog import PREDICTION_FEATURE
from rules import names

LISTED = 5
"""How many are named at most."""
FOUND_FEATURE = (
    f'{{{{ if eq $found.Labels.{names.FEATURE} "{PREDICTION_FEATURE}" }}}}the prediction'
    f"{{{{ else }}}}{{{{ $found.Labels.{names.FEATURE} }}}}{{{{ end }}}}"
)


def same(*labels: str) -> list[str]:
    """Matchers of the alert's own labels, for a query of `ranked`; a label that the alert lacks must be absent."""
    return [f"{label}=%q" for label in labels]


def found(label: str) -> str:
    """What an entry of `ranked` bears as this label."""
    return f"{{{{ $found.Labels.{label} }}}}"


def found_value(verb: str) -> str:
    """The value of an entry of `ranked`, printed by `verb`, a template function."""
    return f"{{{{ $found.Value | {verb} }}}}"


def ranked(query: str, labels: Sequence[str], entry: str, nothing: str = "none") -> str:
    """An `entry` for each series that the query finds, in its order, or `nothing`.

    labels: of the alert, those whose values stand for each `%q` of the query, in order.
    """
    values = " ".join(f"$labels.{label}" for label in labels)
    return (
        f"{{{{ range $place, $found := printf `{query}` {values} | query }}}}"
        f"{{{{ if $place }}}}, {{{{ end }}}}{entry}{{{{ else }}}}{nothing}{{{{ end }}}}"
    )


def largest(vector: str) -> str:
    """A query for the few largest, the largest first."""
    return f"sort_desc(topk({LISTED}, {vector}))"


def smallest(vector: str) -> str:
    """A query for the few smallest, the smallest first."""
    return f"sort(bottomk({LISTED}, {vector}))"
