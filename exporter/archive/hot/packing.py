"""Predictions as entries of 32 bytes, and back: what a hot tier holds of each.

An entry is four words: the hash of the id, the time, the prediction (a number, or the hash of a class), and the hash of
model version and segment. What a hash stands for is kept once beside the entries. Hashes have 64 bits: of a hundred
million ids within the retention, two share one with a probability of about 1 in 4,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exporter.archive.schema import TIME
from exporter.batch import Booleans, Integers
from exporter.window.hashing import Hashes, hash_text

ENTRY = np.dtype([("key", ">u8"), ("time", "<i8"), ("prediction", "<u8"), ("child", "<u8")])
"""Of one entry; the key's first byte is its highest, so that entries sort as bytes as they do as numbers."""

KEY_BYTES = 8
DAY_US = 86_400_000_000

_SEED = 0x696E667261
_NOTHING = 0

Entries = npt.NDArray[np.void]
Names = Mapping[int, bytes]
"""Hash → what it stands for: the UTF-8 of a class, or of a JSON array of model version and segment."""


@dataclass(frozen=True, slots=True)
class PackedRows:
    """n entries, ordered by key, of two with one key the first in front; and the names of their hashes."""

    entries: Entries
    names: Names

    def of_days(self) -> Mapping[int, Entries]:
        """The entries of each UTC day (days since the epoch) that there is, in the same order."""
        days = self.entries["time"] // DAY_US
        return {int(day): self.entries[days == day] for day in np.unique(days)}


def pack(rows: pa.RecordBatch, predicts_text: bool) -> PackedRows:
    """The columns `id`, `time`, `prediction`, `model_version` and `segment` of the rows."""
    entries = np.empty(rows.num_rows, dtype=ENTRY)
    entries["key"] = keys_of(rows.column("id"))
    entries["time"] = rows.column("time").cast(pa.int64()).to_numpy()
    names: dict[int, bytes] = {}
    entries["prediction"] = _prediction_words(rows.column("prediction"), predicts_text, names)
    entries["child"] = _child_words(rows.column("model_version"), rows.column("segment"), names)
    return PackedRows(entries[np.argsort(entries["key"].astype(np.uint64), kind="stable")], names)


def keys_of(ids: pa.Array) -> Hashes:
    """uint64[n], what ids are known by."""
    return hash_text(ids, _SEED)


def names_wanted(entries: Entries, predicts_text: bool) -> list[int]:
    """The hashes that must be resolved to unpack the entries."""
    words = [entries["child"], *([entries["prediction"]] if predicts_text else [])]
    return [int(word) for word in np.unique(np.concatenate(words)) if word != _NOTHING]


def unpack(ids: pa.Array, rows: Integers, entries: Entries, names: Names, predicts_text: bool) -> pa.Table:
    """What `HotTier.find` gives, of the entries found for `ids[rows]`; without those whose names are gone."""
    resolved = {_NOTHING: None, **{word: name.decode() for word, name in names.items()}}
    is_whole = _has_names(entries["child"], resolved)
    if predicts_text:
        is_whole &= _has_names(entries["prediction"], resolved)
    rows, entries = rows[is_whole], entries[is_whole]
    children = [msgspec.json.decode(resolved[word] or "[null,null]") for word in entries["child"].tolist()]
    columns = {
        "row": pa.array(rows, pa.int64()),
        "id": ids.take(pa.array(rows, pa.int64())).cast(pa.string()),
        "time": pa.array(entries["time"].astype(np.int64)).cast(TIME),
        "prediction": _predictions(entries["prediction"], resolved, predicts_text),
        "model_version": pa.array([version for version, _ in children], pa.string()),
        "segment": pa.array([segment for _, segment in children], pa.string()),
    }
    return pa.table(columns)


def _prediction_words(column: pa.Array, predicts_text: bool, names: dict[int, bytes]) -> Hashes:
    if predicts_text:
        encoded = _encoded(column)
        texts = [text.encode() for text in encoded.dictionary.to_pylist()]
        return _named(texts, names)[_codes(encoded)]
    numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    words: Hashes = np.ascontiguousarray(numbers, dtype="<f8").view("<u8")
    return words


def _child_words(versions: pa.Array, segments: pa.Array, names: dict[int, bytes]) -> Hashes:
    """uint64[n]: the hash of each row's model version and segment; few differ, so only those are spelled out."""
    versions, segments = _encoded(versions), _encoded(segments)
    known_versions = [*versions.dictionary.to_pylist(), None]
    known_segments = [*segments.dictionary.to_pylist(), None]
    pairs = (_codes(versions) % len(known_versions)) * len(known_segments) + _codes(segments) % len(known_segments)
    unique, codes = np.unique(pairs, return_inverse=True)
    texts = [
        msgspec.json.encode((known_versions[pair // len(known_segments)], known_segments[pair % len(known_segments)]))
        for pair in unique.tolist()
    ]
    return _named(texts, names)[codes]


def _encoded(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _codes(encoded: pa.DictionaryArray) -> Integers:
    """int64[n], the index of each row's text, -1 where it is null: the last of `_named`."""
    codes: Integers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _named(texts: list[bytes], names: dict[int, bytes]) -> Hashes:
    """uint64[m + 1]: the hashes of m texts, which are added to `names`, and the word for no text."""
    hashes = hash_text(pa.array([text.decode() for text in texts], pa.string()), _SEED)
    names.update(zip(hashes.tolist(), texts, strict=True))
    return np.append(hashes, np.uint64(_NOTHING))


def _predictions(words: npt.NDArray[np.uint64], resolved: Mapping[int, str | None], predicts_text: bool) -> pa.Array:
    if predicts_text:
        return pa.array([resolved[word] for word in words.tolist()], pa.string())
    numbers = words.astype("<u8").view("<f8")
    return pa.array(numbers, pa.float64(), mask=np.isnan(numbers))


def _has_names(words: npt.NDArray[np.uint64], resolved: Mapping[int, str | None]) -> Booleans:
    unique, codes = np.unique(words, return_inverse=True)
    is_known = np.array([word in resolved for word in unique.tolist()], dtype=np.bool_)
    return is_known[codes]
