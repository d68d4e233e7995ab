"""Numbers as both exposition formats write them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson


def number_texts(values: npt.NDArray[Any]) -> list[bytes]:
    """The shortest text that reads back as the same number, for each value in C order."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if not len(flat):
        return []
    texts = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    if flat.dtype.kind == "f":
        # orjson writes what JSON has no number for as null.
        for index in np.flatnonzero(~np.isfinite(flat)).tolist():
            texts[index] = _not_finite(float(flat[index]))
    return texts


def boundary_text(bound: float) -> str:
    """The value of `le`: `0.25`, `1.0`, `+Inf`, the same in both formats."""
    return "+Inf" if bound == math.inf else repr(float(bound))


def _not_finite(value: float) -> bytes:
    if math.isnan(value):
        return b"NaN"
    return b"+Inf" if value > 0 else b"-Inf"
