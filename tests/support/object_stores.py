"""Places for objects to test with: a folder, and servers that speak the protocols of S3, Azure and Google."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.metadata
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests
from botocore.config import Config

from exporter.archive.cold.opening import open_store
from exporter.archive.cold.store import ObjectStore
from exporter.archive.configuration import ColdSection
from tests.support.clocks import MovedClock
from tests.support.gcs_interface import TOKEN, gcs_server
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.programs import find, running, used
from tests.support.radosgw import radosgw

START_DEADLINE_S = 60
BUCKET, LOCKING_BUCKET = "cold-files", "locked-files"
REGION = "us-east-1"
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Those of every Azure emulator, as its makers publish them."""


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a test's stores are; each has a prefix of its own.

    environment : credentials, as a process would find them.
    wrong       : credentials that the server refuses; none where it takes any.
    """

    url: str
    port: int = 0
    options: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def section(self, prefix: str = "", **settings: Any) -> ColdSection:
        """The settings of a store below a prefix, by default of a new one."""
        options = {**self.options, **settings.pop("options", {})}
        url = settings.pop("url", f"{self.url}/{prefix or uuid4().hex}")
        return ColdSection(url=url, options=options, **settings)

    def open(self, prefix: str = "", **settings: Any) -> ObjectStore:
        with self.credentials():
            return open_store(self.section(prefix, **settings), Path("/nowhere"), MovedClock())

    @contextmanager
    def credentials(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            yield

    def through(self, port: int) -> StorePlace:
        """The same place behind a proxy on another port."""
        options = {name: value.replace(f":{self.port}", f":{port}") for name, value in self.options.items()}
        return replace(self, port=port, options=options)

    def with_credentials(self, environment: dict[str, str]) -> StorePlace:
        return replace(self, environment={**self.environment, **environment})

    def s3(self) -> Any:
        """A client to make buckets with, and to look at what is in them."""
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(request_checksum_calculation="when_required", retries={"max_attempts": 1}),
        )


@contextmanager
def folder_place(folder: Path) -> Iterator[StorePlace]:
    yield StorePlace(str(folder / "objects"))


@contextmanager
def moto_place(folder: Path) -> Iterator[StorePlace]:
    """S3 by moto, which takes any credentials; a bucket, and one with object lock."""
    port = free_port()
    program = Path(__file__).with_name("moto_in_turn.py")
    used.setdefault("moto", importlib.metadata.version("moto"))
    with running([sys.executable, "-P", program, "-H", "127.0.0.1", "-p", str(port)], folder / "moto.log"):
        place = _s3_place(port, "test", "secret")
        wait_until(lambda: _answers(port), START_DEADLINE_S, "moto answering")
        _make_buckets(place)
        yield place


@contextmanager
def radosgw_place(folder: Path) -> Iterator[StorePlace]:
    """S3 by Ceph, which checks signatures; the same two buckets."""
    with radosgw(folder) as server:
        place = _s3_place(server.port, server.access_key, server.secret)
        _make_buckets(place)
        yield replace(place, wrong={"AWS_SECRET_ACCESS_KEY": "wrong"})


@contextmanager
def azurite_place(folder: Path) -> Iterator[StorePlace]:
    """Azure Blob Storage by Microsoft's emulator."""
    program, port = _where_installed("azurite-blob"), free_port()
    flags = ["--blobPort", str(port), "--inMemoryPersistence", "--skipApiVersionCheck", "--silent"]
    with running([program, *flags], folder / "azurite.log"):
        wait_until(lambda: _answers(port), START_DEADLINE_S, "azurite answering")
        _make_container(port)
        environment = {"AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY}
        wrong = {"AZURE_STORAGE_ACCOUNT_KEY": base64.b64encode(b"wrong" * 8).decode()}
        options = {"endpoint": f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}", "allow_http": "true"}
        yield StorePlace(f"az://{BUCKET}", port, options, environment, wrong)


@contextmanager
def gcs_place(folder: Path) -> Iterator[StorePlace]:
    """Google Cloud Storage by a stand-in of its XML interface."""
    with gcs_server(BUCKET) as port:
        options = {"base_url": f"http://127.0.0.1:{port}", "allow_http": "true"}
        yield StorePlace(f"gs://{BUCKET}", port, options, {"GOOGLE_BEARER_TOKEN": TOKEN}, {"GOOGLE_BEARER_TOKEN": "x"})


def _where_installed(name: str) -> Path:
    """A program that few have; without it the test is skipped, also where services are required."""
    program = find(name)
    if program is None:
        pytest.skip(f"{name} is neither in .tools/bin nor on PATH")
    used.setdefault(name, "")
    return program


def _s3_place(port: int, access_key: str, secret: str) -> StorePlace:
    options = {"endpoint": f"http://127.0.0.1:{port}", "region": REGION, "allow_http": "true"}
    environment = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret}
    return StorePlace(f"s3://{BUCKET}", port, options, environment)


def _make_buckets(place: StorePlace) -> None:
    place.s3().create_bucket(Bucket=BUCKET)
    place.s3().create_bucket(Bucket=LOCKING_BUCKET, ObjectLockEnabledForBucket=True)


def _answers(port: int) -> bool:
    try:
        requests.get(f"http://127.0.0.1:{port}/", timeout=5)
    except requests.ConnectionError:
        return False
    return True


def _make_container(port: int) -> None:
    """One signed request; the client that is tested makes no containers."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    canonical = "".join(f"{name}:{value}\n" for name, value in headers.items())
    resource = f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{BUCKET}\nrestype:container"
    to_sign = "PUT" + "\n" * 12 + canonical + resource
    signature = hmac.new(base64.b64decode(AZURE_KEY), to_sign.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(signature).decode()}"
    url = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}/{BUCKET}?restype=container"
    requests.put(url, headers=headers, timeout=10).raise_for_status()


PLACES: dict[str, Callable[[Path], AbstractContextManager[StorePlace]]] = {
    "folder": folder_place,
    "moto": moto_place,
    "radosgw": radosgw_place,
    "azurite": azurite_place,
    "gcs": gcs_place,
}
"""Every place by its name; a new one is a new line."""
