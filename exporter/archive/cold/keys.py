"""Keys that seal the columns of cold files, one for each monitor and month, in a file that a person keeps safe.

    {"credit-default/2025-06": "<32 bytes, base64>", "credit-default/2025-05": null}

The exporter adds a key when a month begins. A key that is `null` was removed: what it sealed can never be read again
(crypto-shredding), and nothing is sealed with it any more. Every file holds a key of its own, wrapped by this one with
AES-256-GCM; columns are sealed by Parquet's modular encryption.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyarrow.parquet import encryption

from exporter.errors import CorruptEntry, InvalidSettings, KeyRemoved

_KEY_BYTES, _NONCE_BYTES = 32, 12
_DECODER = msgspec.json.Decoder(dict[str, str | None])


class ColumnKeys:
    """The file of keys. It is read again at each use, so that a key that is taken away there is gone at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        """InvalidSettings when the file is not there, or is no file of keys."""
        for name, key in self._load().items():
            if key is not None:
                self._key(name)

    def make(self, name: str) -> None:
        """Adds a key of this name, unless there is one; KeyRemoved when it was taken away."""
        self._load()
        with self._locked():
            keys = self._load()
            if name not in keys:
                fresh = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
                self._replace({**keys, name: fresh})
        self._key(name)

    def remove(self, name: str) -> None:
        """Takes a key away, for good; InvalidSettings when there is none of this name."""
        self._load()
        with self._locked():
            keys = self._load()
            if name not in keys:
                raise InvalidSettings(f"{self._path} has no key {name!r}; it has {', '.join(sorted(keys)) or 'none'}")
            self._replace({**keys, name: None})

    def to_seal(self, name: str, columns: Sequence[str]) -> Any:
        """What a Parquet writer needs to seal these columns."""
        configuration = encryption.EncryptionConfiguration(
            footer_key=name,
            column_keys={name: list(columns)},
            plaintext_footer=True,
            double_wrapping=False,
            data_key_length_bits=8 * _KEY_BYTES,
        )
        return self._factory().file_encryption_properties(encryption.KmsConnectionConfig(), configuration)

    def to_open(self, name: str) -> Any:
        """What a Parquet reader needs to open columns that were sealed with this key; KeyRemoved when it is gone."""
        self._key(name)
        return self._factory().file_decryption_properties(
            encryption.KmsConnectionConfig(), encryption.DecryptionConfiguration()
        )

    def _factory(self) -> Any:
        return encryption.CryptoFactory(lambda _configuration: _Wrapping(self._key))

    def _key(self, name: str) -> bytes:
        keys = self._load()
        if name not in keys:
            raise InvalidSettings(f"{self._path} has no key {name!r}: put back the file that has it")
        text = keys[name]
        if text is None:
            message = f"the key {name!r} was removed from {self._path}: what it sealed cannot be read any more"
            raise KeyRemoved(f"{message}; to seal rows that come late with a new key, take out its line")
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise InvalidSettings(f"{self._path}: the key {name!r} is not base64") from error
        if len(key) != _KEY_BYTES:
            raise InvalidSettings(f"{self._path}: the key {name!r} has {len(key)} bytes, not {_KEY_BYTES}")
        return key

    def _load(self) -> Mapping[str, str | None]:
        try:
            return _DECODER.decode(self._path.read_bytes())
        except FileNotFoundError as error:
            message = f"archive.cold.column_keys: there is no file {self._path}; for the first start make it with {{}}"
            raise InvalidSettings(f"{message}, later put back the one that you kept") from error
        except OSError as error:
            raise InvalidSettings(f"archive.cold.column_keys: {self._path} cannot be read: {error}") from error
        except msgspec.MsgspecError as error:
            raise InvalidSettings(f"{self._path} is no file of keys, a JSON object of base64 texts: {error}") from error

    def _replace(self, keys: Mapping[str, str | None]) -> None:
        """The whole file at once, durable before anything is sealed with a key in it."""
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(dict(sorted(keys.items())))) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            _flush_folder(self._path.parent)
        except OSError as error:
            raise InvalidSettings(
                f"a key cannot be written to {self._path}: {error}; make it writable, or add {sorted(keys)} yourself"
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time changes the file."""
        descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Wrapping(encryption.KmsClient):  # type: ignore[misc]  # pyarrow has no types
    """Wraps the keys of files with those of the file of keys; what other formats ask of a key service."""

    def __init__(self, key: Any) -> None:
        super().__init__()
        self._key = key

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key(master_key_identifier)).encrypt(nonce, key_bytes, master_key_identifier.encode())
        return base64.b64encode(nonce + sealed)

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        wrapped = base64.b64decode(wrapped_key)
        cipher = AESGCM(self._key(master_key_identifier))
        try:
            return cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], master_key_identifier.encode())
        except InvalidTag as error:
            message = f"a file is sealed with another key {master_key_identifier!r} than the one that is there now"
            raise CorruptEntry(f"{message}: put back the file of keys that was used then") from error
