"""What an exporter's state folder says of itself: the name of its spools' origins, and the key of its pseudonyms."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from exporter.errors import InvalidSettings

_KEY_BYTES = 32


def exporter_id(state: Path) -> str:
    """The random name that this folder's exporter has had since its first start; InvalidSettings if unreadable."""
    return _kept(state / "exporter-id", secrets.token_hex(8)).strip()


def pseudonym_key(path: Path) -> bytes:
    """The key in a file, made at the first use; InvalidSettings when it is shorter than 16 bytes or unreadable."""
    key = _kept(path, secrets.token_hex(_KEY_BYTES)).strip().encode()
    if len(key) < 16:
        raise InvalidSettings(f"{path}: a key of {len(key)} characters is too short; write at least 16, or remove it")
    return key


def _kept(path: Path, text: str) -> str:
    """What the file holds; `text`, written for good, where there is none. Of several processes, one writes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write(path, text)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path}: {error}") from error


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, text.encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
