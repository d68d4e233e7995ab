"""What an alert would have said: its templates filled in by promtool, over the series of that moment."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from exporter.cli.backtesting.alerting import Incident
from exporter.cli.backtesting.block_server import BlockServer
from exporter.cli.backtesting.programs import Tools
from rules.yaml_document import to_yaml

DESCRIPTION = "description"

_FILE, _RULES = "describe.yaml", "describe.rules.yaml"
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_ALERT = re.compile(r"alertname: incident_(\d+),")
_ANNOTATION = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)=("(?:[^"\\]|\\.)*")')


def descriptions(tools: Tools, server: BlockServer, incidents: Sequence[Incident], work: Path) -> list[str]:
    """The description of each incident as it began.

    promtool prints what alerts it got where none was expected: each incident becomes an alert of its own, for a series
    with its labels and value, beside the series that its templates look up.
    """
    if not incidents:
        return []
    (work / _RULES).write_text(to_yaml({"groups": [_rules(incidents)]}, "infranaut backtest"), encoding="utf-8")
    tests = [_test(number, incident, server) for number, incident in enumerate(incidents)]
    document = {"rule_files": [_RULES], "evaluation_interval": "1m", "tests": tests}
    (work / _FILE).write_text(to_yaml(document, "infranaut backtest"), encoding="utf-8")
    command: list[str | Path] = [tools.promtool.absolute(), "test", "rules", _FILE]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    told = dict(_read(done.stdout + done.stderr))
    return [told.get(number, incident.rule.annotations[DESCRIPTION]) for number, incident in enumerate(incidents)]


def series_named(text: str) -> list[str]:
    """What may be the name of a series in a template."""
    found = dict.fromkeys(_NAME.findall(text))
    return [name for name in found if ":" in name or name.startswith("infranaut_")]


def _rules(incidents: Sequence[Incident]) -> dict[str, object]:
    rules = [
        {
            "alert": f"incident_{number}",
            "expr": f"incident_{number}",
            "annotations": {DESCRIPTION: incident.rule.annotations[DESCRIPTION]},
        }
        for number, incident in enumerate(incidents)
    ]
    return {"name": "incidents", "rules": rules}


def _test(number: int, incident: Incident, server: BlockServer) -> dict[str, Any]:
    series = [(f"incident_{number}", incident.labels, incident.value)]
    for name in series_named(incident.rule.annotations[DESCRIPTION]):
        found = server.instant(name, incident.start)
        series += [(name, labels, value) for labels, value in found]
    return {
        "interval": "1m",
        "input_series": [{"series": _series(name, labels), "values": repr(value)} for name, labels, value in series],
        "alert_rule_test": [{"eval_time": "0m", "alertname": f"incident_{number}", "exp_alerts": []}],
    }


def _series(name: str, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f"{label}={json.dumps(value)}" for label, value in labels.items() if label != "__name__")
    return f"{name}{{{pairs}}}"


def _read(output: str) -> Iterator[tuple[int, str]]:
    """The number of each incident, and its description."""
    number: int | None = None
    for line in output.splitlines():
        if found := _ALERT.search(line):
            number = int(found.group(1))
        elif number is not None and "Annotations:{" in line:
            for name, quoted in _ANNOTATION.findall(line):
                if name == DESCRIPTION:
                    yield number, json.loads(quoted)
