"""The Prometheus text format and OpenMetrics, as far as they differ from plain lines of name, labels and value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import orjson

from exporter.catalog import Metric

_NAME = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_]*$")
_TOTAL = "_total"

Labels = Iterable[tuple[str, str]]


def sample_prefix(name: str, labels: Labels) -> bytes:
    """`name{label="value",…} `, everything of a sample but its value.

    A character that UTF-8 cannot carry (a lone surrogate) becomes U+FFFD: one of them would cost the whole scrape.
    """
    pairs = ",".join(f'{_checked(label)}="{escape_label_value(value)}"' for label, value in labels)
    return (f"{name}{{{pairs}}} " if pairs else f"{name} ").encode("utf-8", "replace")


def escape_label_value(value: str) -> str:
    """Backslash, double quote and newline escaped, as both formats ask."""
    clean = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not value.isascii() else value
    return clean.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def header(metric: Metric, *, is_openmetrics: bool) -> bytes:
    """The HELP and TYPE lines; OpenMetrics names a counter's family without `_total`."""
    name = metric.name
    if is_openmetrics and metric.type == "counter":
        name = name.removesuffix(_TOTAL)
    help_text = metric.help.replace("\\", r"\\").replace("\n", r"\n")
    if is_openmetrics:
        help_text = help_text.replace('"', r"\"")
    return f"# HELP {name} {help_text}\n# TYPE {name} {metric.type}\n".encode()


def lines(prefixes: Sequence[bytes], values: npt.NDArray[np.generic]) -> bytes:
    """One line for each prefix and value, int64 or float64."""
    if not len(values):
        return b""
    parts: list[bytes] = [b"\n"] * (3 * len(values))
    parts[0::3] = prefixes
    parts[1::3] = _numbers(values)
    return b"".join(parts)


def _numbers(values: npt.NDArray[np.generic]) -> list[bytes]:
    """Each value as text; the encoder writes NaN and infinities as null, so they are put in by hand."""
    texts = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    if values.dtype.kind == "f":
        for index in np.flatnonzero(~np.isfinite(values)):
            value = values[index]
            texts[index] = b"NaN" if np.isnan(value) else b"+Inf" if value > 0 else b"-Inf"
    return texts


def _checked(label: str) -> str:
    if not _NAME.match(label):
        raise ValueError(f"{label!r} is not a label name")
    return label
