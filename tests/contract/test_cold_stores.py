"""What every store of objects keeps, wherever its objects are."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import SEEK_END
from threading import Barrier

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.archive.cold.store import ObjectFile, ObjectStore, PutOutcome
from exporter.errors import InvalidSettings
from tests.support.object_stores import PLACES, StorePlace

NAME = "credit/predictions/2025-06-15T15/exporter-1_2F0/00000000000000000001.parquet"


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorePlace]:
    with PLACES[request.param](tmp_path_factory.mktemp("store")) as opened:
        yield opened


@pytest.fixture
def store(place: StorePlace) -> ObjectStore:
    return place.open()


def test_what_was_put_is_there(store: ObjectStore) -> None:
    content = bytes(range(256)) * 5
    assert store.put_if_absent(NAME, content) is PutOutcome.CREATED
    assert store.get(NAME) == content
    assert store.size(NAME) == len(content)
    assert store.get_range(NAME, 250, 20) == content[250:270]


def test_nothing_is_ever_put_in_place_of_an_object(store: ObjectStore) -> None:
    store.put_if_absent(NAME, b"the first")
    assert store.put_if_absent(NAME, b"the second") is PutOutcome.EXISTS
    assert store.get(NAME) == b"the first"


def test_of_many_puts_at_once_one_wins(store: ObjectStore) -> None:
    contents = [f"content {number}".encode() * 1_000 for number in range(8)]
    together = Barrier(len(contents))

    def put(name: str, content: bytes) -> PutOutcome:
        together.wait()
        return store.put_if_absent(name, content)

    with ThreadPoolExecutor(len(contents)) as threads:
        for name in (f"{number}/{NAME}" for number in range(10)):
            outcomes = list(threads.map(put, [name] * len(contents), contents))
            assert outcomes.count(PutOutcome.CREATED) == 1
            assert store.get(name) == contents[outcomes.index(PutOutcome.CREATED)]


def test_another_client_of_the_place_sees_the_same_objects(place: StorePlace) -> None:
    place.open("shared").put_if_absent(NAME, b"content")
    assert place.open("shared").get(NAME) == b"content"
    assert place.open("not-shared").get(NAME) is None


def test_what_is_not_there_is_told_apart_from_failure(store: ObjectStore) -> None:
    assert store.get(NAME) is None
    assert store.size(NAME) is None
    with pytest.raises(FileNotFoundError):
        store.get_range(NAME, 0, 1)
    store.delete(NAME)


def test_a_deleted_object_is_gone_and_its_name_free(store: ObjectStore) -> None:
    store.put_if_absent(NAME, b"old")
    store.delete(NAME)
    assert store.get(NAME) is None
    assert list(store.list()) == []
    assert store.put_if_absent(NAME, b"new") is PutOutcome.CREATED


def test_a_listing_has_every_object_below_whole_parts_of_a_name(store: ObjectStore) -> None:
    for name in ("a/b/1.parquet", "a/b/2.parquet", "a/bc/3.parquet", "d.parquet"):
        store.put_if_absent(name, name.encode())
    assert sorted(found.name for found in store.list()) == [
        "a/b/1.parquet",
        "a/b/2.parquet",
        "a/bc/3.parquet",
        "d.parquet",
    ]
    below = sorted(store.list("a/b"), key=lambda found: found.name)
    assert [found.name for found in below] == ["a/b/1.parquet", "a/b/2.parquet"]
    assert [found.size_bytes for found in below] == [13, 13]
    assert all(found.modified_at > 1.7e9 for found in below)
    assert list(store.list("nothing")) == []


def test_a_large_object_comes_back_whole(store: ObjectStore) -> None:
    content = bytes(20 * 2**20)
    store.put_if_absent(NAME, content)
    assert store.get(NAME) == content


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    assert store.put_if_absent(NAME, b"") is PutOutcome.CREATED
    assert store.get(NAME) == b""
    assert store.size(NAME) == 0


def test_an_object_is_a_file_to_read_at_any_place(store: ObjectStore) -> None:
    table = pa.table({"id": [f"p{row}" for row in range(5_000)], "x": list(range(5_000))})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=1_000)
    content = sink.getvalue().to_pybytes()
    store.put_if_absent(NAME, content)
    file = ObjectFile(store, NAME, len(content))
    assert (file.seek(-4, SEEK_END), file.read(), file.read(10)) == (len(content) - 4, b"PAR1", b"")
    opened = pq.ParquetFile(pa.PythonFile(file, mode="r"), pre_buffer=True)
    assert opened.read_row_group(3, ["x"]).column("x").to_pylist() == list(range(3_000, 4_000))


def test_a_lock_that_was_not_opened_is_refused(store: ObjectStore) -> None:
    with pytest.raises(InvalidSettings, match="lock"):
        store.put_if_absent(NAME, b"content", locked_until=2e9)
    store.hold(NAME, is_held=True)


def test_wrong_credentials_are_refused_with_what_to_do(place: StorePlace) -> None:
    if not place.wrong:
        pytest.skip("there are no credentials that it would refuse")
    with pytest.raises(InvalidSettings, match=r"refuses the credentials.*check them"):
        place.with_credentials(place.wrong).open()


def test_a_bucket_that_is_not_there_is_told(place: StorePlace) -> None:
    if not place.port:
        pytest.skip("a folder is made where there is none")
    scheme = place.url.split("://", maxsplit=1)[0]
    with pytest.raises(InvalidSettings, match=r"no such bucket.*make it, or correct archive\.cold\.url"):
        place.open(url=f"{scheme}://elsewhere/prefix")
