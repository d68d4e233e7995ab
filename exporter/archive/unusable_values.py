"""Which values of a row were there and could not be used, as one column of text beside them.

Such a value is of the wrong type, or its expression could not be computed. Its own column says that it is missing; this
one holds the names of the features in a JSON array, `["age","income"]`, and null in nearly every row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from exporter.batch import Booleans, Integers
from exporter.errors import CorruptEntry

_DECODER = msgspec.json.Decoder(list[str])
_FEATURES_A_WORD = 32


def unusable_column(marked: Mapping[str, Booleans]) -> pa.Array | None:
    """string[n] of the marks (feature → bool[n]); the same marks give the same text. None where no row has one."""
    features = sorted(name for name, mask in marked.items() if mask.any())
    if not features:
        return None
    marks = np.stack([marked[name] for name in features], axis=1)
    rows = np.flatnonzero(marks.any(axis=1))
    examples, codes = _distinct(marks[rows])
    texts = [_text([features[at] for at in np.flatnonzero(each)]) for each in marks[rows[examples]]]
    at = np.full(len(marks), -1, dtype=np.int64)
    at[rows] = codes
    return pa.array(texts, pa.string()).take(pa.array(at, mask=at < 0))


def unusable_values(column: Any) -> dict[str, Booleans]:
    """The marks that a column was made of: feature → bool[n]. CorruptEntry when it is none."""
    if column.null_count == len(column):
        return {}
    encoded = column.cast(pa.string()).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    marked: dict[str, Booleans] = defaultdict(lambda: np.zeros(len(texts) + 1, dtype=np.bool_))
    for code, text in enumerate(texts):
        for name in _names(text):
            marked[name][code] = True
    codes = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return {name: mask[codes] for name, mask in marked.items()}


def _distinct(marks: Booleans) -> tuple[Integers, Integers]:
    """Of bool[n, k]: one row for each distinct one, and int64[n], which of these each row is like."""
    codes: Integers = np.zeros(len(marks), dtype=np.int64)
    examples = codes
    for start in range(0, marks.shape[1], _FEATURES_A_WORD):
        part = marks[:, start : start + _FEATURES_A_WORD]
        words = part @ (1 << np.arange(part.shape[1], dtype=np.int64))
        _, examples, codes = np.unique(codes << _FEATURES_A_WORD | words, return_index=True, return_inverse=True)
    return examples, codes


def _text(names: list[str]) -> str:
    return msgspec.json.encode(names).decode()


def _names(text: str) -> list[str]:
    try:
        return _DECODER.decode(text)
    except msgspec.MsgspecError as error:
        message = f"column unusable: {text[:100]!r} is no JSON array of names of features: {error}"
        raise CorruptEntry(f"{message}; verify the tiers, or restore a backup") from error
