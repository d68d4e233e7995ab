"""Regular expressions of PromQL: what its parser takes here, and Prometheus, which has RE2, does not."""

from __future__ import annotations

import re

import promql_parser

from exporter.monitor.promql_literal import literal

_MOST_REPEATS = 1000
_FLAGS = frozenset("imsU-")
_PIECE = re.compile(
    r"(?P<property>\\[pP]\{[^}]*\})"
    r"|(?P<escape>\\.)"
    r"|(?P<characters>\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\])"
    r"|\(\?(?P<flags>[a-zA-Z-]*)[:)]"
    r"|(?P<named>\(\?<)"
    r"|(?P<repeat>[*+?]|\{\d+(?:,\d*)?\})"
    r"|.",
    re.DOTALL,
)
_SHORT_PROPERTY = re.compile(r"\\[pP]\{\^?(?:[A-Z][a-z]?|[A-Z][a-z_]+[A-Za-z_]*)\}")
_LONG_CATEGORIES = frozenset(("Letter", "Mark", "Number", "Punctuation", "Symbol", "Separator", "Other", "Any"))


def regex_mistake(pattern: str) -> str | None:
    """Why Prometheus would refuse the pattern, in words; None where nothing is known against it."""
    try:
        promql_parser.parse(f"x{{x=~{literal(pattern)}}}")
    except ValueError:
        return "malformed, or with something that RE2 lacks, such as a look-ahead or a back-reference"
    return _repetition_mistake(pattern) or next(filter(None, map(_objection, _PIECE.finditer(pattern))), None)


def _repetition_mistake(pattern: str) -> str | None:
    """A repetition of a repetition; one question mark behind makes it a lazy one."""
    before, is_lazy = "", False
    for piece in _PIECE.finditer(pattern):
        repeat = piece["repeat"] or ""
        if before and repeat and (is_lazy or repeat != "?"):
            return f"{before + repeat!r} repeats a repetition, put the first into (?:...)"
        is_lazy = bool(before and repeat)
        before = before + repeat if repeat else ""
    return None


def _objection(piece: re.Match[str]) -> str | None:
    found = piece.group()
    if piece["named"]:
        return "'(?<' is not known to every Prometheus, name a group by (?P<name>...)"
    if piece["flags"] and not _FLAGS.issuperset(piece["flags"]):
        return f"{found!r} has other flags than i, m, s and U"
    if piece["repeat"] and any(int(count) > _MOST_REPEATS for count in re.findall(r"\d+", found)):
        return f"{found!r} repeats more than {_MOST_REPEATS} times"
    if piece["escape"] in ("\\u", "\\U"):
        return f"{found!r} is no escape, write \\x{{41}} for a character by its number"
    if piece["property"] and (found.strip("\\pP{^}") in _LONG_CATEGORIES or not _SHORT_PROPERTY.fullmatch(found)):
        return f"{found!r} is no class of characters, expected one such as \\p{{L}} or \\p{{Greek}}"
    return None
