"""From the settings to an open store; what a store cannot do is said here, not found out later."""

from __future__ import annotations

from pathlib import Path

from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.store import ObjectStore
from exporter.archive.configuration import ColdSection
from exporter.clock import Clock
from exporter.errors import InvalidSettings

_ADVICE = {
    "gs": {
        "kms": "give the bucket a default key instead",
        "object_lock": "give the bucket a retention policy instead",
        "aes256": "",
    },
    "az": {
        "kms": "give the container a default encryption scope instead",
        "object_lock": "give the container an immutability policy instead",
        "aes256": "",
    },
    "folder": {
        "kms": "use an encrypted disk, or column_keys",
        "aes256": "use an encrypted disk, or column_keys",
        "object_lock": "use a store that can, such as S3",
        "storage_class": "leave it out",
    },
}
"""What to do where a store cannot do a thing; empty: it always does."""

_SECRETS = ("secret", "password", "access_key", "account_key", "master_key", "sas_key", "session_token")


def open_store(section: ColdSection, folder: Path, clock: Clock) -> ObjectStore:
    """The store that the settings name, by default `folder`, once it has answered; InvalidSettings says what to do."""
    scheme, separator, _ = (section.url or "").partition("://")
    store: ObjectStore
    if not separator or scheme == "file":
        _refuse_impossible(section, "folder")
        place = (section.url or str(folder)).removeprefix("file://")
        store = FolderStore(Path(place), clock)
    else:
        _refuse_impossible(section, scheme)
        store = _remote(section, scheme)
    store.check()
    return store


def _remote(section: ColdSection, scheme: str) -> ObjectStore:
    url = str(section.url)
    bucket = url.split("://", 1)[1].partition("/")[0]
    options = dict(section.options)
    for key in options:
        if any(word in key for word in _SECRETS) and not key.endswith("_file"):
            raise InvalidSettings(f"archive.cold.options.{key}: secrets come from the environment, not from this file")
    if scheme == "s3" and section.encryption != "none":
        options["aws_server_side_encryption"] = "AES256" if section.encryption == "aes256" else "aws:kms"
        if section.kms_key:
            options["aws_sse_kms_key_id"] = section.kms_key
    try:
        from exporter.archive.cold.locking import S3Locks  # noqa: PLC0415 - its client comes with an extra
        from exporter.archive.cold.remote import RemotePlace, RemoteStore  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise InvalidSettings(f"{url} needs the package {error.name}: pip install 'infranaut[cold]'") from error
    locks = None
    if section.object_lock != "none":
        locks = S3Locks(bucket, section.object_lock, options)
        options.setdefault("checksum_algorithm", "SHA256")
    return RemoteStore(RemotePlace(url, options, section.storage_class), locks)


def _refuse_impossible(section: ColdSection, store: str) -> None:
    advice = _ADVICE.get(store, {})
    wanted = {
        section.encryption: section.encryption != "none",
        "object_lock": section.object_lock != "none",
        "storage_class": section.storage_class is not None,
    }
    for feature, is_wanted in wanted.items():
        if is_wanted and advice.get(feature):
            what = {"folder": "a folder", "gs": "Google Cloud Storage", "az": "Azure Blob Storage"}[store]
            raise InvalidSettings(f"archive.cold: {what} cannot do {feature} file by file; {advice[feature]}")
