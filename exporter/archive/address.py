"""Addresses of tiers: which ones can be used, and how they are shown without the passwords in them."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

MASK = "***"

_HOT = ("redis", "rediss")
_WARM = ("postgresql", "postgres")
_COLD = ("s3", "gs", "az", "file")
_USER_PASSWORD = re.compile(r"(?P<before>(?:[a-z][a-z0-9+.-]*:/{0,2})?[^\s:/@'\"]*):(?!//)\S*@", re.IGNORECASE)
_NAMED_SECRET = re.compile(
    r"(?P<before>\b(?:password|passwd|sslpassword|secret|token|(?:secret_)?access_key|account_key|sas_key)\s*[=:]\s*)"
    r"(?:'[^']*'|\"[^\"]*\"|[^\s&,;'\"]+)",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """The text (an address, or a message that holds some) with *** for every password."""
    return _NAMED_SECRET.sub(rf"\g<before>{MASK}", _USER_PASSWORD.sub(rf"\g<before>:{MASK}@", text))


def has_scheme(url: str) -> bool:
    """Whether it is an address rather than the path of a folder."""
    return "://" in url


def check_hot_address(url: str) -> str:
    """The address; ValueError, without its password, when no hot tier can have it."""
    return _checked(url, _HOT, "redis://HOST:6379/0")


def check_warm_address(url: str) -> str:
    """The address; ValueError, without its password, when no warm tier can have it."""
    checked = _checked(url, _WARM, "postgresql://USER@HOST/DATABASE")
    if not urlsplit(url).path.strip("/"):
        raise ValueError(f"{masked(url)!r} names no database; write postgresql://USER@HOST/DATABASE")
    return checked


def check_cold_address(url: str) -> str:
    """The address or the path of a folder; ValueError when no cold tier can have it."""
    if not has_scheme(url):
        if not url.strip():
            raise ValueError("empty, expected s3://BUCKET/PREFIX, gs://…, az://… or a folder")
        return url
    scheme, _, place = url.partition("://")
    if scheme in _COLD and not place.partition("/")[0] and scheme != "file":
        raise ValueError(f"{masked(url)!r} names no bucket; write {scheme}://BUCKET/PREFIX")
    return _checked(url, _COLD, "s3://BUCKET/PREFIX")


def _checked(url: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(url)
        has_place = bool(parts.netloc or parts.query or parts.path.strip("/")) and (parts.port or 1) > 0
    except ValueError as error:
        raise ValueError(f"{masked(url)!r} is not an address ({error}); write for example {example}") from error
    if not parts.scheme or not has_scheme(url):
        raise ValueError(f"{masked(url)!r} is not an address; write for example {example}")
    if parts.scheme not in schemes:
        known = [f"{scheme}://" for scheme in schemes]
        expected = " or ".join(known) if len(known) == 2 else f"one of {', '.join(known)}"
        raise ValueError(f"{parts.scheme}:// cannot be used here, expected {expected}")
    if not has_place:
        raise ValueError(f"{masked(url)!r} names no host; write for example {example}")
    return url


HotAddress = Annotated[str, AfterValidator(check_hot_address)]
WarmAddress = Annotated[str, AfterValidator(check_warm_address)]
ColdAddress = Annotated[str, AfterValidator(check_cold_address)]
