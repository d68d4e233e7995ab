"""Which file of the ledger an entry's rows are in, and whether warm still holds exactly what the files hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.cold.names import RowHour
from exporter.archive.digest import NO_ROWS, RowDigest, digest_of
from exporter.archive.ledger import ColdFile, Ledger
from exporter.archive.warm.tier import WarmTier
from exporter.batch import Booleans, Integers

UNCOVERED = -1


class Coverage:
    """The sequence ranges of the files of one monitor, kind and hour, by origin; ranges do not overlap."""

    def __init__(self, files: Sequence[ColdFile]) -> None:
        self.files = sorted(files, key=lambda file: (file.origin, file.first_sequence))
        self._of: dict[str, Integers] = {
            origin: np.array([at for at, file in enumerate(self.files) if file.origin == origin])
            for origin in {file.origin for file in files}
        }
        self._firsts = np.array([file.first_sequence for file in self.files], dtype=np.int64)
        self._lasts = np.array([file.last_sequence for file in self.files], dtype=np.int64)

    def file_of(self, origin: str, sequence: int) -> ColdFile | None:
        """The file that has the rows of this entry."""
        at = int(self.files_of(origin, np.array([sequence]))[0])
        return None if at == UNCOVERED else self.files[at]

    def files_of(self, origin: str, sequences: Integers) -> Integers:
        """int64[n]: for each entry its file's place in `files`, or `UNCOVERED`."""
        at = self.files_before(origin, sequences) - 1
        if origin not in self._of:
            return np.full(len(sequences), UNCOVERED)
        found = self._of[origin][at]
        return np.where((at >= 0) & (sequences <= self._lasts[found]), found, UNCOVERED)

    def files_before(self, origin: str, sequences: Integers) -> Integers:
        """int64[n]: how many files of the origin begin at each entry or before; between two entries it tells files."""
        firsts = self._firsts[self._of[origin]] if origin in self._of else np.empty(0, dtype=np.int64)
        return np.searchsorted(firsts, sequences, side="right")


def by_origin(batch: pa.RecordBatch) -> Iterator[tuple[str, Integers, Booleans]]:
    """Each origin of a batch, the sequences of its rows (int64[m]), and which rows these are (bool[n])."""
    sequences = batch.column("sequence").to_numpy(zero_copy_only=False)
    origins = pc.unique(batch.column("origin")).to_pylist()
    for origin in origins:
        is_of_it = np.ones(batch.num_rows, dtype=np.bool_)
        if len(origins) > 1:
            is_of_it = pc.equal(batch.column("origin"), origin).to_numpy(zero_copy_only=False)
        yield origin, sequences[is_of_it], is_of_it


@dataclass(frozen=True, slots=True)
class HourProof:
    """What a comparison of warm with the ledger's files found.

    rows      : in warm.
    uncovered : rows of warm that are in no file.
    unequal   : in words, the files that do not hold the very rows that warm has in their range.
    held      : the names of the files whose rows are all in warm.
    """

    rows: int
    uncovered: int
    unequal: tuple[str, ...]
    held: frozenset[str]

    @property
    def is_equal(self) -> bool:
        """Whether every row of warm is in cold as well."""
        return not self.uncovered and not self.unequal


def prove_hour(warm: WarmTier, ledger: Ledger, hour: RowHour) -> HourProof:
    """Compares rows and digests of an hour, file by file. A file whose rows have all left warm has nothing to prove."""
    coverage = Coverage(ledger.cold_files(hour.monitor, hour.kind, hour.span))
    digests: dict[int, RowDigest] = defaultdict(lambda: NO_ROWS)
    for batch in warm.read(hour.kind, hour.monitor, hour.span):
        for at, part in _by_file(batch, coverage):
            found = digest_of(part) if at != UNCOVERED else RowDigest(part.num_rows)
            digests[at] = digests[at].merge(found)
    uncovered = digests.pop(UNCOVERED, NO_ROWS).rows
    unequal, held = list[str](), set[str]()
    for at, found in sorted(digests.items()):
        file = coverage.files[at]
        if found == RowDigest.from_hex(file.rows, file.digest):
            held.add(file.name)
        else:
            unequal.append(_difference(file, found))
    rows = uncovered + sum(found.rows for found in digests.values())
    return HourProof(rows, uncovered, tuple(unequal), frozenset(held))


def _by_file(batch: pa.RecordBatch, coverage: Coverage) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The batch in parts, each with the place of the file that its rows should be in."""
    places = np.full(batch.num_rows, UNCOVERED)
    for origin, sequences, is_of_it in by_origin(batch):
        places[is_of_it] = coverage.files_of(origin, sequences)
    found = np.unique(places).tolist()
    for at in found:
        yield at, batch if len(found) == 1 else batch.filter(pa.array(places == at))


def _difference(file: ColdFile, found: RowDigest) -> str:
    held = f"{file.name} holds {file.rows} rows with the digest {file.digest}"
    return f"{held}, warm has {found.rows} with {found.hex}"
