"""Inhibitions: what need not be told while something worse explains it."""

from __future__ import annotations

from alertmanager.matchers import differs, equals, matches
from rules import names

EVERY_ALERT = "Infranaut.+"


def inhibitions() -> list[dict[str, object]]:
    """While no exporter is left (the alert without `instance`), no other alert means anything.

    One exporter of several that is down silences nothing: the others' counts still stand.
    """
    return [
        {
            "source_matchers": [equals("alertname", names.EXPORTER_DOWN), equals("instance", "")],
            "target_matchers": [matches("alertname", EVERY_ALERT), differs("alertname", names.EXPORTER_DOWN)],
        }
    ]
