"""Which format and encoding a scraper takes."""

from __future__ import annotations

from dataclasses import dataclass

OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Agreed:
    """The format and encoding of a response."""

    is_openmetrics: bool
    is_gzip: bool

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Content-Type": OPENMETRICS_TYPE if self.is_openmetrics else TEXT_TYPE, "Vary": "Accept-Encoding"}
        if self.is_gzip:
            headers["Content-Encoding"] = "gzip"
        return headers


def negotiate(accept: str, accept_encoding: str) -> Agreed:
    """OpenMetrics where it is asked for and not less wanted than text; gzip where it is taken."""
    types = _qualities(accept)
    openmetrics = types.get("application/openmetrics-text", 0.0)
    text = max(types.get("text/plain", 0.0), types.get("text/*", 0.0))
    encodings = _qualities(accept_encoding)
    gzip = encodings.get("gzip", encodings.get("*", 0.0))
    return Agreed(is_openmetrics=openmetrics > 0 and openmetrics >= text, is_gzip=gzip > 0)


def _qualities(header: str) -> dict[str, float]:
    """The highest quality of each name in an Accept-like header; what cannot be read counts as not wanted."""
    qualities: dict[str, float] = {}
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if not name:
            continue
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                quality = _as_quality(parameter[2:])
        qualities[name] = max(qualities.get(name, 0.0), quality)
    return qualities


def _as_quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
