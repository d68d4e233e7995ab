"""Columns sealed with a key for each monitor and month: readable with it, gone for good without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet import encryption

from exporter.archive.cold.keys import ColumnKeys
from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.parquet import PLAIN_COLUMNS, ColdFileReader, EncodedFile, encode_file
from exporter.archive.entry import Kind
from exporter.archive.schema import with_provenance
from exporter.errors import CorruptEntry, InvalidSettings, KeyRemoved
from tests.support.archives import MONITOR, ORIGIN, an_entry, moment, plain, predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import some_keys

HOUR = int(START_S // 3600 * 3600)
JUNE, JULY = "credit/2025-06", "credit/2025-07"
ODD_NAMES = {"a,b": 1.0, "c;d": 2.0, "e:f": 3.0, "g%2Ch": 4.0, "ü.ä": 5.0, "x/y z": 6.0}


def some_rows(count: int = 50) -> pa.Table:
    ages = [float(row) for row in range(count)]
    rows = predictions([f"p{row}" for row in range(count)], START_S, age=ages, **ODD_NAMES)
    return pa.Table.from_batches([with_provenance(an_entry(rows), ORIGIN, 3)])


def sealed(keys: ColumnKeys, hour: int = HOUR) -> EncodedFile:
    return encode_file(some_rows(), MONITOR, Kind.PREDICTIONS, hour, keys)


def opened(file: EncodedFile, keys: ColumnKeys | None) -> ColdFileReader:
    return ColdFileReader(pa.BufferReader(file.content), keys)


def test_sealed_rows_are_read_with_their_key(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    reader = opened(sealed(keys), keys)
    assert plain(reader.batches()) == plain(some_rows())
    assert set(reader.schema().names) == set(some_rows().column_names)
    assert [batch.column("g%2Ch")[0].as_py() for batch in reader.batches(["g%2Ch"])] == [4.0]


def test_a_key_is_made_for_each_monitor_and_month_and_kept(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    assert sealed(keys).tag.key == sealed(keys).tag.key == JUNE
    first = json.loads((tmp_path / "keys.json").read_text())
    assert sealed(keys, HOUR + 30 * DAY_S).tag.key == JULY
    assert json.loads((tmp_path / "keys.json").read_text()).items() >= first.items()
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_no_value_of_a_sealed_column_stands_in_the_file(tmp_path: Path) -> None:
    rows = predictions(["very-secret-id"], START_S, region="very-secret-region")
    table = pa.Table.from_batches([with_provenance(an_entry(rows), ORIGIN, 3)])
    content = encode_file(table, MONITOR, Kind.PREDICTIONS, HOUR, some_keys(tmp_path)).content
    assert b"very-secret" not in content
    assert b"very-secret" in encode_file(table, MONITOR, Kind.PREDICTIONS, HOUR).content


def test_a_removed_key_makes_its_rows_unreadable_and_no_others(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    june, july = sealed(keys), sealed(keys, HOUR + 30 * DAY_S)
    keys.remove(JUNE)
    with pytest.raises(KeyRemoved, match=f"the key '{JUNE}' was removed"):
        list(opened(june, keys).batches())
    with pytest.raises(KeyRemoved):
        opened(june, keys).groups("id", "a", "b")
    assert plain(opened(july, keys).batches()) == plain(some_rows())


def test_what_is_never_sealed_stays_readable_without_keys(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    file = sealed(keys)
    keys.remove(JUNE)
    for reader in (opened(file, keys), opened(file, None)):
        assert reader.tag.rows == 50
        assert set(reader.plain_schema.names) == set(PLAIN_COLUMNS)
        [batch] = reader.batches(["time", "origin"])
        assert batch.column("origin").to_pylist() == [ORIGIN] * 50
        assert reader.groups("time", moment(START_S), moment(START_S)) == [0]


def test_nothing_is_sealed_with_a_removed_key(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    sealed(keys)
    keys.remove(JUNE)
    with pytest.raises(KeyRemoved):
        sealed(keys)
    assert json.loads((tmp_path / "keys.json").read_text()) == {JUNE: None}


def test_without_a_file_of_keys_a_sealed_column_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=f"sealed with the key '{JUNE}': name archive.cold.column_keys"):
        list(opened(sealed(some_keys(tmp_path)), None).batches())


def test_a_lost_key_is_asked_for(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    file = sealed(keys)
    (tmp_path / "keys.json").write_text("{}")
    with pytest.raises(InvalidSettings, match=f"has no key '{JUNE}': put back the file"):
        list(opened(file, keys).batches())


def test_another_key_of_the_name_does_not_open_it(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    file = sealed(keys)
    (tmp_path / "keys.json").write_text("{}")
    keys.make(JUNE)
    with pytest.raises(CorruptEntry, match="sealed with another key"):
        list(opened(file, keys).batches())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file.*for the first start make it with {}"),
        ("[]", "is no file of keys"),
        ('{"a": 1}', "is no file of keys"),
        ('{"a": "###"}', "the key 'a' is not base64"),
        ('{"a": "YWJj"}', "the key 'a' has 3 bytes, not 32"),
    ],
)
def test_a_file_that_holds_no_keys_is_refused_at_the_start(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidSettings, match=message):
        ColumnKeys(path).check()


def test_a_file_that_cannot_be_written_is_told_with_the_name_that_it_needs(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    (tmp_path / "keys.json.new").mkdir()
    with pytest.raises(InvalidSettings, match=f"a key cannot be written.*add.*{JUNE}"):
        keys.make(JUNE)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="cannot be read"):
        ColumnKeys(tmp_path).check()


def test_only_a_key_that_is_there_can_be_removed(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="has no key 'credit/2020-01'; it has none"):
        some_keys(tmp_path).remove("credit/2020-01")


def test_reading_without_a_key_never_ends_the_process(tmp_path: Path) -> None:
    """Asking for statistics of a sealed column aborts in pyarrow; so the reader is asked everything."""
    keys = some_keys(tmp_path)
    (tmp_path / "sealed.parquet").write_bytes(sealed(keys).content)
    program = f"""
import contextlib, datetime, pathlib, pyarrow
from exporter.archive.cold.keys import ColumnKeys
from exporter.archive.cold.parquet import ColdFileReader
from exporter.errors import InfranautError
folder = pathlib.Path({str(tmp_path)!r})
ColumnKeys(folder / "keys.json").remove({JUNE!r})
moment = datetime.datetime.now(datetime.UTC)
for keys in (None, ColumnKeys(folder / "keys.json")):
    reader = ColdFileReader((folder / "sealed.parquet").open("rb"), keys)
    for ask in (
        lambda: list(reader.batches()),
        lambda: list(reader.batches(["id"])),
        lambda: list(reader.batches(["time"])),
        lambda: reader.schema(),
        lambda: reader.plain_schema,
        lambda: reader.groups("id", "a", "b"),
        lambda: reader.groups("time", moment, moment),
        lambda: reader.groups_with_ids(["a"]),
        lambda: reader.bounds("region", pyarrow.string()),
        lambda: reader.bounds("origin", pyarrow.string()),
        lambda: reader.rows_of(range(reader.group_count)),
    ):
        with contextlib.suppress(InfranautError):
            ask()
print("still here")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "still here\n"), ran.stderr


def test_a_file_of_others_with_a_sealed_footer_is_no_cold_file(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    keys.make(JUNE)
    configuration = encryption.EncryptionConfiguration(footer_key=JUNE, column_keys={JUNE: ["x"]})
    seal = keys._factory().file_encryption_properties(encryption.KmsConnectionConfig(), configuration)
    path = tmp_path / "foreign.parquet"
    with pq.ParquetWriter(path, pa.schema([("x", pa.int64())]), encryption_properties=seal) as writer:
        writer.write_table(pa.table({"x": [1]}))
    program = f"""
from exporter.archive.cold.parquet import ColdFileReader
from exporter.errors import CorruptEntry
try:
    ColdFileReader(open({str(path)!r}, "rb"))
except CorruptEntry:
    print("refused")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "refused\n"), ran.stderr


def test_sealed_columns_that_the_tag_does_not_tell_of_never_end_the_process(tmp_path: Path) -> None:
    """As a copy finds it under a name that is taken: it is proven, and refused."""
    keys = some_keys(tmp_path)
    keys.make(JUNE)
    honest = encode_file(some_rows(), MONITOR, Kind.PREDICTIONS, HOUR)
    table = pq.read_table(pa.BufferReader(honest.content))
    path = tmp_path / "lying.parquet"
    with pq.ParquetWriter(path, table.schema, encryption_properties=keys.to_seal(JUNE, ["id"])) as writer:
        writer.write_table(table)
    program = f"""
from exporter.archive.cold.parquet import ColdFileReader
from exporter.errors import CorruptEntry
reader = ColdFileReader(open({str(path)!r}, "rb"))
try:
    list(reader.batches())
except CorruptEntry:
    print("refused")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "refused\n"), ran.stderr
