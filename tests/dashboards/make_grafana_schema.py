"""Makes `grafana-schema.json` from Grafana's own published types; needs Node 20 and npm.

    python tests/dashboards/make_grafana_schema.py

One schema for a dashboard, and for each type of panel one for its `options` and one for `fieldConfig.defaults.custom`.
The types are those of `@grafana/schema` (Grafana Labs, Apache-2.0). Descriptions are left out, and the fields that an
annotation leaves to its data source are let in: the types say nothing about them, Grafana keeps them.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

PACKAGES = ("@grafana/schema@13.2.3", "ts-json-schema-generator@2.4.0")
PANELS = ("timeseries", "table", "stat", "barchart", "heatmap")
TARGET = Path(__file__).with_name("grafana-schema.json")

_RAW = "node_modules/@grafana/schema/dist/types/raw"


def main() -> None:
    """Installs the two packages in a temporary folder, makes the schemas, writes them beside this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES)
        dashboard = _schema(folder, f"{_RAW}/dashboard/x/types.gen.d.ts", "Dashboard")
        panels = {panel: _panel_schemas(folder, panel) for panel in PANELS}
    dashboard["definitions"]["AnnotationQuery"]["additionalProperties"] = True
    comment = f"Made by tests/dashboards/make_grafana_schema.py from {PACKAGES[0]} (Grafana Labs, Apache-2.0)."
    document = {"$comment": comment, "dashboard": dashboard, "panels": panels}
    TARGET.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def _panel_schemas(folder: Path, panel: str) -> dict[str, Any]:
    source = f"{_RAW}/composable/{panel}/panelcfg/x/*.d.ts"
    has_fields = panel != "stat"
    return {
        "options": _schema(folder, source, "Options"),
        "custom": _schema(folder, source, "FieldConfig") if has_fields else {"additionalProperties": False},
    }


def _schema(folder: Path, source: str, name: str) -> dict[str, Any]:
    generator = ("npx", "ts-json-schema-generator", "--path", source, "--type", name, "--no-type-check")
    schema = _without_descriptions(json.loads(_run(folder, *generator)))
    assert isinstance(schema, dict)
    return schema


def _without_descriptions(part: Any) -> Any:
    """A description is text; a property of that name is a schema."""
    if isinstance(part, dict):
        return {
            key: _without_descriptions(value)
            for key, value in part.items()
            if not (key in ("description", "deprecated") and isinstance(value, str))
        }
    if isinstance(part, list):
        return [_without_descriptions(value) for value in part]
    return part


def _run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
