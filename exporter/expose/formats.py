"""The two exposition formats, and which one a scraper asked for."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from exporter.catalog import Metric


class ExpositionFormat(Enum):
    """A format by its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


_MEDIA_TYPES = {
    ("application/openmetrics-text", "1.0.0"): ExpositionFormat.OPENMETRICS,
    ("application/openmetrics-text", ""): ExpositionFormat.OPENMETRICS,
    ("text/plain", "0.0.4"): ExpositionFormat.TEXT,
    ("text/plain", ""): ExpositionFormat.TEXT,
    ("text/*", ""): ExpositionFormat.TEXT,
    ("*/*", ""): ExpositionFormat.TEXT,
}


def choose_format(accept: str | None) -> ExpositionFormat:
    """The accepted format with the highest q, the first of equals; text when none is known (RFC 9110, 12.5.1)."""
    best, best_quality = ExpositionFormat.TEXT, 0.0
    for media_type, parameters, quality in _ranges(accept or ""):
        found = _MEDIA_TYPES.get((media_type, parameters.get("version", "")))
        if found is not None and quality > best_quality:
            best, best_quality = found, quality
    return best


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Whether gzip is named with a q above 0; `*` alone is not enough, since proxies add it without being able to."""
    return any(coding in {"gzip", "x-gzip"} and quality > 0 for coding, _, quality in _ranges(accept_encoding or ""))


@lru_cache(maxsize=512)
def header(metric: Metric, chosen: ExpositionFormat) -> bytes:
    """The lines before a family's samples."""
    if chosen is ExpositionFormat.TEXT:
        name, text = metric.name, _escaped(metric.help)
    else:
        name, text = metric.name, _escaped(metric.help).replace('"', r"\"")
        if metric.type == "counter":
            name = name.removesuffix("_total")
    return f"# HELP {name} {text}\n# TYPE {name} {metric.type}\n".encode()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _ranges(field: str) -> list[tuple[str, dict[str, str], float]]:
    """Each element of a header's list with its parameters and its q; an element that cannot be read is left out."""
    found = []
    for element in field.lower().split(","):
        value, *rest = (part.strip() for part in element.split(";"))
        parameters = {name.strip(): text.strip(' "') for name, _, text in (part.partition("=") for part in rest)}
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            continue
        found.append((value, parameters, quality))
    return found
