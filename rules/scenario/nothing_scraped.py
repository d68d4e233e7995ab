"""InfranautWatchdog fires always; and where nothing is scraped only it, and InfranautExporterDown."""

from __future__ import annotations

from rules import names
from rules.promql import equals

_END = "10m"


def nothing_scraped_test() -> dict[str, object]:
    """A test as YAML has it, without any series."""
    expectations = [
        (f"ALERTS{{{equals('alertstate', 'firing')}}}", _END, (names.EXPORTER_DOWN, names.WATCHDOG)),
        (f"ALERTS{{{equals('alertname', names.WATCHDOG)}}}", "0s", (names.WATCHDOG,)),
    ]
    return {
        "interval": "1m",
        "name": f"{names.WATCHDOG}, {names.EXPORTER_DOWN}, nothing is scraped",
        "input_series": [],
        "promql_expr_test": [
            {
                "expr": f"group by (alertname) ({alerts})",
                "eval_time": at,
                "exp_samples": [{"labels": f"{{{equals('alertname', name)}}}", "value": 1} for name in firing],
            }
            for alerts, at, firing in expectations
        ],
    }
