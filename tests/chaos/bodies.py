"""Bodies whose rows are numbered, so that what was sent can be told from what was archived with little memory."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MOST_ROWS = 50
BAD_MARK = "bad"
_HOUR_S = 3_600
_LATE_S = (49 * _HOUR_S, 60 * _HOUR_S)
"""How old rows of a closed day are, which the cold tier wants; the monitor takes rows for three days."""


@dataclass(frozen=True, slots=True)
class NumberedBody:
    """Rows with the ids `prefix-00`, `prefix-01`, …

    at     : the `ts` of all of them.
    is_bad : one more record is in it, which has no id and must be told as rejected.
    """

    prefix: str
    rows: int
    at: float
    is_bad: bool = False

    @property
    def ids(self) -> Sequence[str]:
        return [f"{self.prefix}-{row:02d}" for row in range(self.rows)]

    @property
    def mark(self) -> str:
        """What the bad record holds."""
        return f"{BAD_MARK}-{self.prefix}"

    @property
    def predictions(self) -> bytes:
        """NDJSON; of one row a single object without an end of line, which takes the way of single predictions."""
        lines = [
            json.dumps({"id": id_, "ts": self.at, "score": row / MOST_ROWS, "age": 20 + row, "region": "north"})
            for row, id_ in enumerate(self.ids)
        ]
        if self.is_bad:
            lines.append(json.dumps({"id": None, "ts": self.at, "score": 0.5, "note": self.mark}))
        return "\n".join(lines).encode()

    @property
    def labels(self) -> bytes:
        return "\n".join(json.dumps({"id": id_, "label": row % 2}) for row, id_ in enumerate(self.ids)).encode()


def a_body(rng: random.Random, prefix: str) -> NumberedBody:
    """A quarter are single rows; some of the others hold a bad record; some are days late."""
    rows = 1 if rng.random() < 0.25 else rng.randint(2, MOST_ROWS)
    late_s = rng.uniform(*_LATE_S) if rng.random() < 0.1 else rng.uniform(0, _HOUR_S) if rng.random() < 0.2 else 0.0
    return NumberedBody(prefix, rows, round(time.time() - late_s, 3), rows > 1 and rng.random() < 0.05)


def ids_of(bodies: Iterable[NumberedBody]) -> Iterator[str]:
    return (id_ for body in bodies for id_ in body.ids)
