"""Mends the JSON that grafanalib writes: only what today's Grafana knows, and nothing that is null.

grafanalib 0.7.1 writes fields that Grafana dropped with its Angular panels (`editable`, `error`, `span`, table
columns), nulls for what is unset, and targets with `step` and `intervalFactor`.
"""

from __future__ import annotations

import json
from typing import Any

from grafanalib._gen import DashboardEncoder

Json = dict[str, Any]

SCHEMA_VERSION = 39
"""Grafana 11; newer ones migrate it when they load it."""

_PANEL = frozenset(
    {
        "datasource",
        "description",
        "fieldConfig",
        "gridPos",
        "id",
        "interval",
        "links",
        "maxDataPoints",
        "options",
        "targets",
        "timeFrom",
        "timeShift",
        "title",
        "transformations",
        "transparent",
        "type",
    }
)
_TARGET = frozenset({"datasource", "expr", "format", "instant", "legendFormat", "refId"})
_FIELD_OPTIONS_OF_OLD_TABLES = frozenset({"displayMode"})
_MAX_DATA_POINTS = 1_000


def to_plain(part: object) -> Any:
    """grafanalib objects as plain JSON values."""
    return json.loads(json.dumps(part, cls=DashboardEncoder))


def mend_panel(panel: Json) -> Json:
    """A panel of any type but a row's header."""
    mended = {key: value for key, value in panel.items() if key in _PANEL}
    mended["targets"] = [_mend_target(target) for target in panel["targets"]]
    mended["maxDataPoints"] = mended.get("maxDataPoints") or _MAX_DATA_POINTS
    if panel["type"] == "table":
        _mend_table(mended)
    if panel["type"] == "barchart":
        mended["fieldConfig"]["defaults"]["color"].pop("fixedColor", None)
    return without_nulls(mended)  # type: ignore[no-any-return]


def without_nulls(value: Any) -> Any:
    """The same without any key whose value is null; Grafana fills in its own default."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def _mend_target(target: Json) -> Json:
    mended = {key: value for key, value in target.items() if key in _TARGET}
    return mended | {"range": not target["instant"], "editorMode": "code", "exemplar": False}


def _mend_table(panel: Json) -> None:
    custom = panel["fieldConfig"]["defaults"]["custom"]
    for name in _FIELD_OPTIONS_OF_OLD_TABLES:
        custom.pop(name, None)
