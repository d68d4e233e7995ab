"""Settings of the cold tier that a store cannot keep are refused before anything is written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.cold.opening import open_store
from exporter.archive.cold.tier import open_cold
from exporter.archive.configuration import ColdSection
from exporter.errors import InvalidSettings
from tests.support.clocks import MovedClock

CLOCK = MovedClock()

IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"storage_class": "GLACIER_IR"}, "a folder cannot do storage_class file by file; leave it out"),
    ({"encryption": "aes256"}, "a folder cannot do aes256 file by file; use an encrypted disk, or column_keys"),
    ({"encryption": "kms", "kms_key": "k"}, "a folder cannot do kms"),
    ({"object_lock": "compliance"}, "a folder cannot do object_lock.*such as S3"),
    (
        {"url": "gs://b", "encryption": "kms", "kms_key": "k"},
        "Google Cloud Storage cannot.*a default key",
    ),
    ({"url": "gs://b", "object_lock": "governance"}, "give the bucket a retention policy"),
    ({"url": "az://b", "encryption": "kms", "kms_key": "k"}, "Azure Blob Storage cannot do kms.*encryption scope"),
    ({"url": "az://b", "object_lock": "governance"}, "immutability policy"),
]


@pytest.mark.parametrize(("settings", "message"), IMPOSSIBLE)
def test_what_a_store_cannot_do_is_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        open_store(ColdSection(**settings), tmp_path / "cold", CLOCK)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", ["{}", "file://{}"])
def test_a_folder_is_named_with_or_without_a_scheme(tmp_path: Path, written: str) -> None:
    store = open_store(ColdSection(url=written.format(tmp_path / "named")), tmp_path / "cold", CLOCK)
    store.put_if_absent("a/b.parquet", b"content")
    assert (tmp_path / "named" / "a" / "b.parquet").read_bytes() == b"content"


def test_by_default_files_lie_in_the_state(tmp_path: Path) -> None:
    cold = open_cold(ColdSection(), tmp_path, CLOCK)
    assert cold is not None
    cold.store.put_if_absent("a.parquet", b"content")
    assert (tmp_path / "cold" / "a.parquet").is_file()
    assert (cold.keys, cold.is_locked, cold.file_rows) == (None, False, 500_000)


def test_a_cold_tier_that_is_off_is_not_opened(tmp_path: Path) -> None:
    assert open_cold(ColdSection(enabled=False), tmp_path, CLOCK) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "package", "settings"),
    [
        ("exporter.archive.cold.remote", "obstore", {"url": "s3://b"}),
        ("exporter.archive.cold.locking", "boto3", {"url": "s3://b"}),
        ("exporter.archive.cold.keys", "cryptography", {"column_keys": "keys.json"}),
    ],
)
def test_a_client_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, package: str, settings: dict[str, Any]
) -> None:
    for name in [name for name in sys.modules if name == module or name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidSettings, match=rf"needs the package {package}.*pip install 'infranaut\[cold\]'"):
        open_cold(ColdSection(**settings), tmp_path, CLOCK)
