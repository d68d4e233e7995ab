"""Profiles of long ago, as Parquet in the cold store: a file for each monitor and UTC day, and nothing else to trust.

The name of a file tells the day and the SHA-256 of its bytes. A day may have several, when it was moved twice (a crash
on the way, a retention that was changed): of one window the profile of the most rows counts.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.store import ObjectStore
from exporter.archive.ledger import StoredProfile
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry

PREFIX = "_profiles"
"""No monitor has such a name; what is below it belongs to nobody's rows."""

_SCHEMA = pa.schema(
    [
        pa.field("monitor", pa.string()),
        pa.field("model_version", pa.string()),
        pa.field("segment", pa.string()),
        *(pa.field(name, pa.int64()) for name in ("start", "end", "revision", "rows", "labelled")),
        pa.field("payload", pa.binary()),
    ]
)


def put_profiles(store: ObjectStore, profiles: Sequence[StoredProfile]) -> str:
    """Writes the profiles of one monitor and day; the file's name. Again: no effect."""
    columns = list(zip(*map(astuple, profiles), strict=True))
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA), sink, compression="zstd")
    content = sink.getvalue().to_pybytes()
    day = f"{datetime.fromtimestamp(profiles[0].start, UTC):%Y-%m-%d}"
    name = f"{PREFIX}/{profiles[0].monitor}/{day}/{hashlib.sha256(content).hexdigest()}.parquet"
    store.put_if_absent(name, content)
    return name


def read_profiles(store: ObjectStore, monitor: str, span: Span) -> Iterator[StoredProfile]:
    """Profiles whose window starts in `span`, day by day; CorruptEntry when a file is not what it was."""
    names: dict[float, list[str]] = defaultdict(list)
    for name, day in profile_files(store, monitor):
        if day < span.end and day + DAY_S > span.start:
            names[day].append(name)
    for day in sorted(names):
        found: dict[tuple[int, str, str], StoredProfile] = {}
        for profile in (profile for name in names[day] for profile in _read(store, name)):
            key = (profile.start, profile.model_version, profile.segment)
            if span.start <= profile.start < span.end:
                found[key] = max(found.get(key, profile), profile, key=_completeness)
        yield from (found[key] for key in sorted(found))


def profile_files(store: ObjectStore, monitor: str) -> Iterator[tuple[str, float]]:
    """The names of a monitor's files, and the start of the day of each."""
    for found in store.list(f"{PREFIX}/{monitor}"):
        parts = found.name.split("/")
        try:
            yield found.name, datetime.fromisoformat(parts[2]).replace(tzinfo=UTC).timestamp()
        except (IndexError, ValueError) as error:
            raise CorruptEntry(f"{found.name} is no file of profiles, and stands among them: move it away") from error


def is_profile_file(name: str) -> bool:
    """Whether an object of the cold store is one of these."""
    return name.startswith(f"{PREFIX}/")


def _completeness(profile: StoredProfile) -> tuple[int, int, int]:
    return profile.rows, profile.labelled, profile.revision


def _read(store: ObjectStore, name: str) -> Iterator[StoredProfile]:
    content = store.get(name)
    if content is None:
        return
    sha256 = hashlib.sha256(content).hexdigest()
    if not name.endswith(f"/{sha256}.parquet"):
        raise CorruptEntry(f"{name} has the SHA-256 {sha256}: it is not what was written")
    names = [field.name for field in fields(StoredProfile)]
    for batch in pq.ParquetFile(pa.BufferReader(content)).iter_batches(columns=names):
        yield from (StoredProfile(**row) for row in batch.to_pylist())
