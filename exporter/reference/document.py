"""A built reference: its records, the bins it defines, and its file.

The file is readable JSON with a `version` and the SHA-256 of everything else in it, so that an edit by hand is noticed
and two references with the same content are the same file, byte for byte.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from exporter.batch import Floats, Integers
from exporter.catalog import CATEGORY_PREFIX, INVALID_BIN, MISSING_BIN, OTHER_BIN
from exporter.errors import InvalidReference

FORMAT_VERSION = 1
LABEL_DIGITS = 10

_FARTHEST_MEAN = 1e150


class NumberReference(msgspec.Struct, frozen=True, tag="number", tag_field="type", forbid_unknown_fields=True):
    """A number's quantile bins: bin i holds (edges[i-1], edges[i]]; the first and the last are open.

    edges     : float[B-1], strictly increasing, finite.
    counts    : int[B], the reference's rows in each bin.
    bin_means : float[B], mean of the reference's values in each bin; of an empty bin, a bound of it.
    """

    edges: list[float]
    counts: list[int]
    bin_means: list[float]
    missing: int
    invalid: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float

    def bin_names(self) -> tuple[str, ...]:
        return (*quantile_bin_names(len(self.counts)), MISSING_BIN, INVALID_BIN)

    def bin_counts(self) -> Integers:
        return np.array([*self.counts, self.missing, self.invalid], dtype=np.int64)

    def spacing(self) -> Floats:
        """float64[B], finite: from each bin's mean to the next, in standard deviations; 0 for the last."""
        scale = self.standard_deviation or 1.0
        means = np.clip(np.array(self.bin_means, dtype=np.float64), -_FARTHEST_MEAN, _FARTHEST_MEAN)
        spacing: Floats = np.append(np.diff(means), 0.0) / scale
        return spacing


class CategoryReference(msgspec.Struct, frozen=True, tag="category", tag_field="type", forbid_unknown_fields=True):
    """A category's values, the most frequent first (ties by name), and the rows of each."""

    values: list[str]
    counts: list[int]
    other: int
    missing: int
    invalid: int

    def bin_names(self) -> tuple[str, ...]:
        return (*(CATEGORY_PREFIX + value for value in self.values), OTHER_BIN, MISSING_BIN, INVALID_BIN)

    def bin_counts(self) -> Integers:
        return np.array([*self.counts, self.other, self.missing, self.invalid], dtype=np.int64)


FeatureReference = NumberReference | CategoryReference


@lru_cache(maxsize=256)
def quantile_bin_names(count: int) -> tuple[str, ...]:
    """`q00`, `q01`, …: sorted as text they are in order."""
    return tuple(f"q{index:02d}" for index in range(count))


def smoothed_ratios(counts: Integers) -> Floats:
    """(count + 0.5) / (N + 0.5 B): the share of each bin, never 0 (Krichevsky and Trofimov, 1981)."""
    values = np.asarray(counts, dtype=np.float64)
    ratios: Floats = (values + 0.5) / (values.sum() + 0.5 * len(values))
    return ratios


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["infranaut-reference"]
    version: int
    monitor: str
    rows: int
    first_timestamp: float | None
    last_timestamp: float | None
    prediction: FeatureReference
    score_edges: list[float]
    features: dict[str, FeatureReference]
    sha256: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A built reference.

    rows           : rows it was built from.
    last_timestamp : of its newest row, seconds since the epoch; None when the data had no timestamps.
    prediction     : the distribution of the prediction.
    score_edges    : inner edges of the score bins (binary), strictly increasing within (0, 1); empty for other tasks.
    features       : every feature of the monitor, in its order.
    sha256         : of the content.
    """

    monitor: str
    rows: int
    first_timestamp: float | None
    last_timestamp: float | None
    prediction: FeatureReference
    score_edges: tuple[float, ...]
    features: Mapping[str, FeatureReference]
    sha256: str

    @property
    def label(self) -> str:
        """The value of the label `reference`."""
        return self.sha256[:LABEL_DIGITS]


def seal(
    *,
    monitor: str,
    rows: int,
    first_timestamp: float | None,
    last_timestamp: float | None,
    prediction: FeatureReference,
    score_edges: tuple[float, ...],
    features: Mapping[str, FeatureReference],
) -> Reference:
    """A reference with the SHA-256 of its content."""
    unsealed = Reference(
        monitor, rows, first_timestamp, last_timestamp, prediction, score_edges, dict(features), sha256=""
    )
    return Reference(
        monitor, rows, first_timestamp, last_timestamp, prediction, score_edges, dict(features), _digest(unsealed)
    )


def save_reference(reference: Reference, path: Path) -> None:
    """Writes the document, whole or not at all; InvalidReference where it cannot be written."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(_encode(_document(reference), indent=1))
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise InvalidReference(f"{path}: the reference cannot be written: {error.strerror}") from error


def load_reference(path: Path) -> Reference:
    """Reads a document; InvalidReference when it is no reference, was edited, or is of another version."""
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
    except OSError as error:
        raise InvalidReference(f"{path}: cannot read the reference: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InvalidReference(f"{path}: not a reference that `infranaut reference build` wrote: {error}") from error
    if document.version != FORMAT_VERSION:
        raise InvalidReference(
            f"{path}: version {document.version}, expected {FORMAT_VERSION}; build it again with this infranaut"
        )
    reference = Reference(
        document.monitor,
        document.rows,
        document.first_timestamp,
        document.last_timestamp,
        document.prediction,
        tuple(document.score_edges),
        document.features,
        document.sha256,
    )
    if _digest(reference) != document.sha256:
        raise InvalidReference(f"{path}: does not match its SHA-256; it was edited by hand: build it again")
    _check_shape(reference, path)
    return reference


def _check_shape(reference: Reference, path: Path) -> None:
    for name, feature in {**reference.features, "the prediction": reference.prediction}.items():
        if isinstance(feature, NumberReference):
            edges = np.array(feature.edges)
            if len(feature.counts) != len(edges) + 1 or len(feature.bin_means) != len(feature.counts):
                raise InvalidReference(f"{path}: {name}: {len(edges)} edges do not bound {len(feature.counts)} bins")
            if not (edges[1:] > edges[:-1]).all() or not all(math.isfinite(edge) for edge in edges):
                raise InvalidReference(f"{path}: {name}: edges must be finite and increasing")
        elif len(feature.counts) != len(feature.values):
            raise InvalidReference(f"{path}: {name}: {len(feature.values)} values, {len(feature.counts)} counts")


def _document(reference: Reference) -> _Document:
    return _Document(
        kind="infranaut-reference",
        version=FORMAT_VERSION,
        monitor=reference.monitor,
        rows=reference.rows,
        first_timestamp=reference.first_timestamp,
        last_timestamp=reference.last_timestamp,
        prediction=reference.prediction,
        score_edges=list(reference.score_edges),
        features=dict(reference.features),
        sha256=reference.sha256,
    )


def _digest(reference: Reference) -> str:
    document = msgspec.structs.replace(_document(reference), sha256="")
    return hashlib.sha256(_encode(document, indent=0)).hexdigest()


def _encode(document: _Document, indent: int) -> bytes:
    encoded = msgspec.json.encode(document)
    return msgspec.json.format(encoded, indent=indent) + b"\n" if indent else encoded
