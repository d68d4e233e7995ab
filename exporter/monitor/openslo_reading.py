"""Reads documents of OpenSLO that stand among the monitors, and tells what of OpenSLO is not supported."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from exporter.monitor.openslo import API_GROUP, API_VERSION, OpenSli, OpenSlo
from exporter.monitor.positions import Document, Flaw, KeyPath
from exporter.monitor.wording import flaw_of

_KINDS: Mapping[str, type[OpenSlo] | type[OpenSli]] = {"SLO": OpenSlo, "SLI": OpenSli}
_EACH = "*"
_RATIO = "is not supported, expected ratioMetric with counters: good or bad, and total"
_SOURCE = "data sources are not supported, since Prometheus itself evaluates the rules; expected type: Prometheus"
_OF_INDICATOR: Mapping[KeyPath, str] = {
    ("thresholdMetric",): _RATIO,
    ("ratioMetric", "raw"): f"a ratio that is computed already {_RATIO}",
    ("ratioMetric", "rawType"): f"a ratio that is computed already {_RATIO}",
    **{("ratioMetric", side, "metricSource", "metricSourceRef"): _SOURCE for side in ("good", "bad", "total")},
}
_OF_OBJECTIVE: Mapping[KeyPath, str] = {
    ("alertPolicies", _EACH): "alert policies are not supported: the alerts come from the objective, see docs/slo.md",
    ("timeWindow", _EACH, "calendar"): "periods of the calendar are not supported, expected isRolling: true",
    **{
        ("objectives", _EACH, key): "belongs to thresholdMetric, which is not supported, expected ratioMetric"
        for key in ("op", "value")
    },
    **{
        ("objectives", _EACH, key): "objectives made of others are not supported"
        for key in ("compositeWeight", "indicator", "indicatorRef")
    },
    **{("indicator", "spec", *key): message for key, message in _OF_INDICATOR.items()},
}
_UNSUPPORTED: Mapping[str, Mapping[KeyPath, str]] = {"SLO": _OF_OBJECTIVE, "SLI": _OF_INDICATOR}


def is_openslo(document: Document) -> bool:
    """Whether a document says that it is of OpenSLO, in any version."""
    value = document.value
    return isinstance(value, dict) and str(value.get("apiVersion", "")).startswith(API_GROUP)


def read_openslo(document: Document) -> tuple[OpenSlo | OpenSli | None, list[Flaw]]:
    """The objective or the indicator of a document, or what is wrong with it."""
    value = document.value
    if not isinstance(value, dict):
        return None, []
    if flaw := _wrong_kind(value, document):
        return None, [flaw]
    kind = str(value["kind"])
    mended: dict[str, Any] = copy.deepcopy(value)
    flaws = [
        Flaw(document.line_of(key), key, message)
        for pattern, message in _UNSUPPORTED[kind].items()
        for key in list(_taken_out(mended, ("spec", *pattern)))
    ]
    try:
        read = _KINDS[kind].model_validate(mended, strict=True)
    except ValidationError as error:
        root = _KINDS[kind]
        return None, flaws + [flaw_of(detail, document, root) for detail in error.errors(include_url=False)]
    return (None if flaws else read), flaws


def _wrong_kind(value: Mapping[str, Any], document: Document) -> Flaw | None:
    version, kind = value.get("apiVersion"), value.get("kind")
    if version != API_VERSION:
        message = f"got {version!r}, expected {API_VERSION}: other versions of OpenSLO are not supported"
        return Flaw(document.line_of(("apiVersion",)), ("apiVersion",), message)
    if not isinstance(kind, str) or kind not in _KINDS:
        message = (
            f"{kind!r} of OpenSLO is not supported, expected SLO or SLI: keep others out of the folder of monitors"
        )
        return Flaw(document.line_of(("kind",)), ("kind",), message)
    return None


def _taken_out(value: Any, pattern: KeyPath, key: KeyPath = ()) -> Iterator[KeyPath]:
    """The keys that fit the pattern; each is taken out, so that it is told once."""
    first, *rest = pattern
    if first == _EACH:
        for index in reversed(range(len(value))) if isinstance(value, list) else ():
            if rest:
                yield from _taken_out(value[index], tuple(rest), (*key, index))
            else:
                del value[index]
                yield (*key, index)
    elif isinstance(value, dict) and first in value:
        if rest:
            yield from _taken_out(value[first], tuple(rest), (*key, first))
        else:
            del value[first]
            yield (*key, first)
