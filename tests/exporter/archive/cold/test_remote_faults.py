"""What a store of objects does when the server is ill: it says `later`, and what was done is found done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from obstore.exceptions import GenericError

from exporter.archive.cold.store import ObjectStore, PutOutcome
from exporter.errors import InvalidSettings, RetryLater
from tests.support.archives import EVER, plain, predictions
from tests.support.cold_tiers import HOUR, a_world
from tests.support.fault_proxy import FaultProxy, HttpFault, fault_proxy
from tests.support.object_stores import StorePlace, moto_place
from tests.support.ports import free_port

NAME = "credit/predictions/2025-06-15T15/o/1.parquet"
MANY = 20
IMPATIENT = {"timeout": "300ms", "read_timeout": "300ms"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorePlace]:
    with moto_place(tmp_path_factory.mktemp("moto")) as opened:
        yield opened


@pytest.fixture
def proxy(place: StorePlace) -> Iterator[FaultProxy]:
    with fault_proxy(place.port) as opened:
        yield opened


@pytest.fixture
def store(place: StorePlace, proxy: FaultProxy) -> ObjectStore:
    return place.through(proxy.port).open(options=IMPATIENT)


@pytest.mark.parametrize("fault", [HttpFault.BROKEN, HttpFault.BUSY])
def test_a_short_illness_is_not_noticed(store: ObjectStore, proxy: FaultProxy, fault: HttpFault) -> None:
    proxy.plan("PUT", fault)
    assert store.put_if_absent(NAME, b"content") is PutOutcome.CREATED
    proxy.plan("GET", fault)
    assert store.get(NAME) == b"content"


@pytest.mark.parametrize("fault", [HttpFault.BROKEN, HttpFault.BUSY, HttpFault.REFUSED])
def test_a_longer_one_is_for_the_caller_to_wait_for(store: ObjectStore, proxy: FaultProxy, fault: HttpFault) -> None:
    for method in ("PUT", "GET", "HEAD", "DELETE", "POST"):
        proxy.plan(method, fault, MANY)
    calls: list[Callable[[], object]] = [
        lambda: store.put_if_absent(NAME, b"content"),
        lambda: store.get(NAME),
        lambda: store.get_range(NAME, 0, 2),
        lambda: store.size(NAME),
        lambda: list(store.list()),
        lambda: store.delete(NAME),
    ]
    for call in calls:
        with pytest.raises(RetryLater, match="cannot be used now"):
            call()
    proxy.clear()
    assert store.put_if_absent(NAME, b"content") is PutOutcome.CREATED


@pytest.mark.parametrize("fault", [HttpFault.LOST_ANSWER, HttpFault.SLOW])
def test_a_write_whose_answer_is_lost_is_found_by_the_next(
    store: ObjectStore, proxy: FaultProxy, fault: HttpFault
) -> None:
    proxy.plan("PUT", fault, MANY)
    with pytest.raises(RetryLater):
        store.put_if_absent(NAME, b"content")
    proxy.clear()
    assert store.put_if_absent(NAME, b"content") is PutOutcome.EXISTS
    assert store.get(NAME) == b"content"


def test_a_server_that_is_away_is_told_at_the_start(place: StorePlace) -> None:
    with pytest.raises(RetryLater, match=r"s3://cold-files/.* cannot be used now"):
        place.through(free_port()).open()


def test_the_same_trouble_is_told_in_the_same_words(store: ObjectStore, proxy: FaultProxy) -> None:
    proxy.plan("GET", HttpFault.BROKEN, MANY)
    told = set()
    for _ in range(2):
        with pytest.raises(RetryLater) as trouble:
            store.get(NAME)
        told.add(str(trouble.value))
    assert len(told) == 1


def test_a_request_gives_up_after_a_few_attempts(store: ObjectStore, proxy: FaultProxy) -> None:
    proxy.seen.clear()
    proxy.plan("PUT", HttpFault.BROKEN, MANY)
    with pytest.raises(RetryLater):
        store.put_if_absent(NAME, b"content")
    assert proxy.seen == ["HEAD", "PUT", "PUT", "PUT"]


@pytest.mark.parametrize("fault", [HttpFault.BROKEN, HttpFault.REFUSED, HttpFault.SLOW])
def test_a_lock_that_fails_is_for_the_caller_to_repeat(
    place: StorePlace, proxy: FaultProxy, fault: HttpFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.archive.cold.locking._READ_S", 0.3)
    store = place.through(proxy.port).open(url="s3://locked-files/a", object_lock="governance")
    store.put_if_absent(NAME, b"content", locked_until=2e9)
    proxy.plan("PUT", fault, MANY)
    with pytest.raises(RetryLater):
        store.hold(NAME, is_held=True)
    proxy.clear()
    store.hold(NAME, is_held=True)


def test_no_credentials_at_all_are_told(place: StorePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = StorePlace(
        place.url, place.port, {**place.options, "metadata_endpoint": f"http://127.0.0.1:{free_port()}"}
    )
    with pytest.raises((InvalidSettings, RetryLater), match="s3://cold-files"):
        nobody.open()


def test_a_machine_whose_metadata_are_closed_has_no_credentials(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise GenericError("PUT http://169.254.169.254/latest/api/token - status code: 403 Forbidden")

    monkeypatch.setattr("obstore.get", refused)
    with pytest.raises(InvalidSettings, match="no credentials in the environment"):
        store.get(NAME)


def test_an_endpoint_without_tls_has_to_be_allowed(place: StorePlace) -> None:
    options = {name: value for name, value in place.options.items() if name != "allow_http"}
    with pytest.raises(InvalidSettings, match=r"set archive\.cold\.options\.allow_http"):
        replace(place, options=options).open()


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize("fault", list(HttpFault))
def test_a_copy_that_fails_half_way_is_finished_by_the_next(
    place: StorePlace, proxy: FaultProxy, tmp_path: Path, fault: HttpFault, method: str
) -> None:
    world = a_world(tmp_path, file_rows=10)
    world.land(*(predictions([f"{body}-{row}" for row in range(10)]) for body in range(3)))
    store = place.through(proxy.port).open(options=IMPATIENT)
    world.cold = replace(world.cold, store=store)
    proxy.plan(method, fault, 4)
    if method == "GET":
        proxy.plan("PUT", HttpFault.LOST_ANSWER, 3)
    attempts = 0
    while len(world.ledger.files) < 3:
        with suppress(RetryLater):
            world.copy()
        attempts += 1
    assert 1 < attempts < 6
    proxy.clear()
    assert plain(world.cold_rows()) == plain(world.warm.read(HOUR.kind, HOUR.monitor, EVER))
    assert world.objects() == sorted(world.ledger.files)
