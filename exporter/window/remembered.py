"""Predictions remembered by id: tells duplicates, and what a label's prediction was.

`exporter.window.prediction_log` remembers in shared memory; a durable store would stand behind the same protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from exporter.batch import Booleans, Floats, Integers
from exporter.window.hashing import Hashes

States = npt.NDArray[np.uint8]


class State(IntEnum):
    """What an entry is waiting for."""

    EMPTY = 0
    SEEN = 1
    """A prediction that wants no label: the monitor has none, or the prediction failed."""
    WAITING = 2
    """A prediction without its label."""
    LABELLED = 3
    EXPIRED = 4
    """A prediction whose label did not come in time."""
    EARLY_LABEL = 5
    """A label whose prediction has not come yet."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What came of a batch of n predictions.

    fresh     : bool[n], false for the rows whose id was known (duplicates).
    joined    : int64[m], fresh rows whose label had come before them.
    labels    : float64[m], those labels.
    evicted   : int32[e], the children of predictions forgotten while they waited, to make room.
    """

    fresh: Booleans
    joined: Integers
    labels: Floats
    evicted: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of a batch of n labels.

    matched     : int64[m], rows that found their prediction.
    predictions : float64[m], what was predicted; children int32[m]; timestamps float64[m], of the predictions.
    duplicate   : bool[n], rows whose prediction (or id) had a label already.
    too_late    : bool[n], rows whose prediction had expired, or wants no label.
    evicted     : as in `Remembered`.
    """

    matched: Integers
    predictions: Floats
    children: npt.NDArray[np.int32]
    timestamps: Floats
    duplicate: Booleans
    too_late: Booleans
    evicted: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Swept:
    """Entries given up: the children of expired predictions, and how many early labels never found theirs."""

    expired: npt.NDArray[np.int32]
    unmatched: int


class PredictionStore(Protocol):
    """Remembers predictions by the hash of their id. Every call is atomic between processes, and none waits for I/O."""

    def remember(self, keys: Hashes, values: Floats, times: Floats, children: Integers, states: States) -> Remembered:
        """Adds n predictions, in order; of two with one key the first is fresh. `states`: SEEN or WAITING, uint8[n]."""

    def join(self, keys: Hashes, labels: Floats, now: float) -> Joined:
        """Joins n labels, in order; a label without a prediction waits for it."""

    def sweep(self, now: float) -> Swept | None:
        """Gives up what has waited too long; None when it was done a moment ago."""

    def claim_early(self, keys: Hashes) -> Booleans:
        """bool[n], keys under which a label waits for its prediction; each is taken for labelled from then on."""
