"""What came of remembering predictions by id (`exporter.window.prediction_log`): duplicates, and labels joined."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from exporter.batch import Booleans, Floats, Integers

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
