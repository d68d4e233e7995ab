"""Names of receivers and of the files with their secrets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from exporter.monitor.routing import Route, is_address

NOBODY = "nobody"
"""Where alerts go that no monitor routes: they show in Alertmanager and in Grafana, and nobody is told."""
WATCHDOG = "watchdog"

_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_DIGEST_LENGTH = 8


def receiver_name(route: Route) -> str:
    """Tells who is told; a webhook by its host and a digest, because its address may hold a token."""
    return ", ".join(_parts(route)) or NOBODY


def secret_file(secrets: str, name: str, kind: str) -> str:
    """`<secrets>/<name>.<kind>`; what cannot stand in a file name is replaced, and a digest keeps such names apart."""
    bare = name.removeprefix("#")
    clean = _NOT_IN_FILE_NAMES.sub("-", bare).strip(".-")
    if not clean or clean != bare:
        clean = f"{clean}-{_digest(name)}".removeprefix("-")
    return f"{secrets.rstrip('/')}/{clean}.{kind}"


def _parts(route: Route) -> Iterator[str]:
    for kind in ("pagerduty", "opsgenie", "slack", "teams"):
        if name := getattr(route, kind):
            yield f"{kind} {name}"
    if route.email:
        yield f"email {' '.join(route.email)}"
    if route.webhook and is_address(route.webhook):
        yield f"webhook {urlsplit(route.webhook).hostname} {_digest(route.webhook)}"
    elif route.webhook:
        yield f"webhook {route.webhook}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
