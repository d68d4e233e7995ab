"""What is asked of S3 for each object: storage class, encryption, object lock, legal hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from exporter.archive.cold.locking import S3Locks
from exporter.archive.cold.store import PutOutcome
from exporter.archive.cold.tier import open_cold
from exporter.errors import InvalidSettings
from tests.support.archives import predictions
from tests.support.cold_tiers import EXPIRES_AT, a_world
from tests.support.object_stores import BUCKET, LOCKING_BUCKET, StorePlace, moto_place, radosgw_place

NAME = "credit/predictions/2025-06-15T15/o/1.parquet"
UNTIL = datetime(2035, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorePlace]:
    with moto_place(tmp_path_factory.mktemp("moto")) as opened:
        yield opened


@pytest.fixture(scope="module", params=[moto_place, radosgw_place])
def locking(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorePlace]:
    with request.param(tmp_path_factory.mktemp("locking")) as opened:
        yield opened


def _head(place: StorePlace, key: str, bucket: str = BUCKET) -> dict[str, Any]:
    head: dict[str, Any] = place.s3().head_object(Bucket=bucket, Key=key)
    return head


def test_the_storage_class_of_the_settings_is_asked_for(place: StorePlace) -> None:
    place.open("classes", storage_class="STANDARD_IA").put_if_absent(NAME, b"content")
    assert _head(place, f"classes/{NAME}")["StorageClass"] == "STANDARD_IA"


def test_a_storage_class_that_the_server_does_not_know_is_refused(place: StorePlace) -> None:
    store = place.open("unknown", storage_class="BASEMENT")
    with pytest.raises(InvalidSettings, match=r"refuses.*InvalidStorageClass.*see archive\.cold"):
        store.put_if_absent(NAME, b"content")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"encryption": "aes256"}, {"ServerSideEncryption": "AES256"}),
        ({"encryption": "kms", "kms_key": "k1"}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k1"}),
    ],
)
def test_encryption_is_asked_for(place: StorePlace, settings: dict[str, str], expected: dict[str, str]) -> None:
    place.open("sealed", **settings).put_if_absent(f"{len(settings)}{settings['encryption']}", b"content")
    assert expected.items() <= _head(place, f"sealed/{len(settings)}{settings['encryption']}").items()


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_an_object_is_locked_until_its_retention_ends(locking: StorePlace, mode: str) -> None:
    store = locking.open(url=f"s3://{LOCKING_BUCKET}/{mode}", object_lock=mode)
    assert store.put_if_absent(NAME, b"content", locked_until=UNTIL.timestamp()) is PutOutcome.CREATED
    head = _head(locking, f"{mode}/{NAME}", LOCKING_BUCKET)
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == (mode.upper(), UNTIL)
    with pytest.raises(ClientError, match="AccessDenied"):
        locking.s3().delete_object(Bucket=LOCKING_BUCKET, Key=f"{mode}/{NAME}", VersionId=head["VersionId"])


def test_what_is_copied_is_locked_until_its_retention_ends(locking: StorePlace, tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a"]))
    section = locking.section(url=f"s3://{LOCKING_BUCKET}/copied", object_lock="governance")
    with locking.credentials():
        cold = open_cold(section, tmp_path, world.clock)
        assert cold is not None
        world.cold = cold
        [file] = world.copy()
    head = _head(locking, f"copied/{file.name}", LOCKING_BUCKET)
    assert head["ObjectLockRetainUntilDate"].timestamp() == pytest.approx(EXPIRES_AT, abs=1)


def test_an_object_that_a_crash_left_unlocked_is_locked_by_the_next_put(locking: StorePlace) -> None:
    locking.open(url=f"s3://{LOCKING_BUCKET}/crash").put_if_absent(NAME, b"content")
    store = locking.open(url=f"s3://{LOCKING_BUCKET}/crash", object_lock="governance")
    assert store.put_if_absent(NAME, b"content", locked_until=UNTIL.timestamp()) is PutOutcome.EXISTS
    assert _head(locking, f"crash/{NAME}", LOCKING_BUCKET)["ObjectLockRetainUntilDate"] == UNTIL


def test_a_legal_hold_is_put_and_let_go_of(locking: StorePlace) -> None:
    store = locking.open(url=f"s3://{LOCKING_BUCKET}/hold", object_lock="governance")
    store.put_if_absent(NAME, b"content")
    for is_held, status in ((True, "ON"), (False, "OFF")):
        store.hold(NAME, is_held)
        found = locking.s3().get_object_legal_hold(Bucket=LOCKING_BUCKET, Key=f"hold/{NAME}")
        assert found["LegalHold"]["Status"] == status


def test_object_lock_on_a_bucket_without_it_is_refused_at_the_start(locking: StorePlace) -> None:
    with pytest.raises(InvalidSettings, match=f"'{BUCKET}' has none; make a bucket with object lock, or set"):
        locking.open(object_lock="governance")


def test_locks_that_the_credentials_do_not_allow_are_told(locking: StorePlace) -> None:
    if not locking.wrong:
        pytest.skip("there are no credentials that it would refuse")
    with locking.with_credentials(locking.wrong).credentials():
        locks = S3Locks(LOCKING_BUCKET, "governance", locking.options)
    with pytest.raises(InvalidSettings, match=r"refuses \(403\).*check the credentials"):
        locks.check()


def test_without_a_prefix_objects_lie_at_the_top(locking: StorePlace) -> None:
    store = locking.open(url=f"s3://{LOCKING_BUCKET}", object_lock="governance")
    store.put_if_absent(NAME, b"content", locked_until=UNTIL.timestamp())
    assert _head(locking, NAME, LOCKING_BUCKET)["ObjectLockMode"] == "GOVERNANCE"


@pytest.mark.parametrize("option", ["bogus", "endpiont"])
def test_an_option_that_the_client_does_not_know_is_named(place: StorePlace, option: str) -> None:
    with pytest.raises(InvalidSettings, match=option):
        place.open(options={option: "1"})


@pytest.mark.parametrize("option", ["secret_access_key", "account_key", "aws_session_token"])
def test_secrets_do_not_belong_into_the_settings(place: StorePlace, option: str) -> None:
    with pytest.raises(InvalidSettings, match=f"{option}: secrets come from the environment"):
        place.open(options={option: "x"})
