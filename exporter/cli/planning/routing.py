"""Who is told of an alert: a walk through a tree of routes, as Alertmanager walks it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^"\s]*)\s*')

Route = Mapping[str, Any]
"""A `route` of Alertmanager's configuration."""


def receivers_of(root: Route, labels: Mapping[str, str]) -> list[str]:
    """The receivers of an alert with these labels, in the order of the tree, each once.

    Children are tried in order, the deepest that match take the alert, and only a route that says `continue` lets its
    siblings have it too. A label that is not there matches as the empty text.
    """
    return list(dict.fromkeys(_walk(root, labels, inherited="")))


def _walk(route: Route, labels: Mapping[str, str], inherited: str) -> Iterator[str]:
    receiver = str(route.get("receiver", inherited))
    is_taken = False
    for child in route.get("routes", ()):
        if not all(matches(matcher, labels) for matcher in child.get("matchers", ())):
            continue
        is_taken = True
        yield from _walk(child, labels, receiver)
        if not child.get("continue", False):
            break
    if not is_taken:
        yield receiver


def matches(matcher: str, labels: Mapping[str, str]) -> bool:
    """Whether labels pass a matcher in Alertmanager's notation; ValueError when it is none."""
    found = _MATCHER.fullmatch(matcher)
    if found is None:
        raise ValueError(f"{matcher!r} is no matcher")
    label, operator, quoted = found.groups()
    wanted = _unquoted(quoted)
    value = labels.get(label, "")
    is_met = re.fullmatch(wanted, value, re.DOTALL) is not None if "~" in operator else value == wanted
    return is_met != operator.startswith("!")


def _unquoted(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text
