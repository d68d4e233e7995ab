"""Turns admitted rows into the entries to be kept, without what the monitor calls private."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from exporter.archive.entry import Entry, Kind
from exporter.archive.schema import archived_name, archived_rows
from exporter.batch import ERROR, ID, LATENCY, MODEL_VERSION, Batch
from exporter.derive import Derived
from exporter.monitor.spec import Monitor

_PSEUDONYM_BYTES = 16


class Keeping:
    """Compiled for a monitor. Columns of `privacy.drop` are left out; those of `privacy.pseudonymise` become HMACs.

    The id cannot be left out: it is what rows are known by, so it becomes an HMAC there too. A number that is to be
    pseudonymised is left out, since few numbers are possible and all of them can be tried. Nothing tells of a column
    that is left out whether its values could be used.

    key : of the HMACs; replicas that share a warm tier need the same one, or a label finds no prediction.
    """

    def __init__(self, monitor: Monitor, key: bytes) -> None:
        spec = monitor.spec
        self._name = monitor.name
        self._key = key
        pseudonymised = _columns_of(monitor, spec.privacy.pseudonymise)
        numbers = {name for name, feature in spec.features.items() if feature.type == "number"} | {LATENCY}
        self._leave_out = _columns_of(monitor, spec.privacy.drop) | pseudonymised & numbers
        self._pseudonymise = pseudonymised - self._leave_out
        private = {*spec.privacy.drop, *spec.privacy.pseudonymise}
        self._is_id_private = bool(private & {spec.events.id, *([spec.labels.join] if spec.labels else [])})

    def entry(self, kind: Kind, derived: Derived, source: str, received_at: float) -> Entry:
        """The entry of the rows of one body."""
        rows = archived_rows(derived, received_at, self._leave_out)
        names = {archived_name(name) if not name.startswith("@") else name.lstrip("@") for name in self._pseudonymise}
        if self._is_id_private:
            names.add("id")
        for name in names & set(rows.schema.names):
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, name, self._pseudonyms(rows.column(at)))
        return Entry(self._name, kind, source, received_at, rows)

    def known_ids(self, batch: Batch, entry: Entry) -> Any:
        """The ids that rows are remembered by: those of the entry, as the archive gives them back after a restart."""
        return entry.rows.column("id") if self._is_id_private else batch.column(ID)

    def _pseudonyms(self, column: Any) -> Any:
        encoded = column.dictionary_encode()
        hashed = [None if text is None else self._pseudonym(text) for text in encoded.dictionary.to_pylist()]
        return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(hashed, pa.string())).dictionary_decode()

    def _pseudonym(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return digest[: 2 * _PSEUDONYM_BYTES]


def _columns_of(monitor: Monitor, fields: Sequence[str]) -> set[str]:
    """The canonical columns that are read from these fields of the payload, but for the id."""
    spec = monitor.spec
    read = [(feature.field or name, name) for name, feature in spec.features.items()]
    events = spec.events
    read += [
        (field, column)
        for field, column in (
            (events.model_version, MODEL_VERSION),
            (events.latency_seconds, LATENCY),
            (events.error, ERROR),
        )
        if field is not None
    ]
    return {column for field, column in read if field in fields}
