"""Texts that a regular expression of a matcher matches, one for each of its alternatives.

Only what stands in matchers of labels is read: alternatives, groups, classes of characters, escapes and repeats.
"""

from __future__ import annotations

import re
import string
import warnings
from dataclasses import dataclass

from rules.scenario.queried.undriven import UndrivenQuery

_MOST = 16
"""Texts for a pattern; alternatives inside of alternatives multiply."""
_CHARACTERS = string.printable[: -len(string.whitespace)] + " "
_REPEATS = {"*": 0, "?": 0, "+": 1}
_COUNTED = re.compile(r"\{(\d+)(,\d*)?\}")
_GROUP = re.compile(r"\((\?:|\?P?<\w+>)?(?!\?)")


def matching_texts(pattern: str) -> list[str]:
    """At most a few, none where the pattern is beyond us; each is tried before it is given."""
    try:
        texts = _Pattern(pattern).texts()
    except UndrivenQuery:
        return []
    return [text for text in texts if is_match(pattern, text)]


def is_match(pattern: str, text: str) -> bool:
    """Whether the whole text matches, as in Prometheus; UndrivenQuery where Python would read the pattern otherwise."""
    return _compiled(pattern).fullmatch(text) is not None


def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return re.compile(pattern, re.DOTALL)
        except (re.error, FutureWarning, DeprecationWarning) as error:
            raise UndrivenQuery(f"the regular expression {pattern!r} cannot be tried here ({error})") from error


@dataclass(slots=True)
class _Pattern:
    """Reads a pattern from left to right."""

    pattern: str
    at: int = 0

    def texts(self) -> list[str]:
        found = self._alternatives()
        if self.at < len(self.pattern):
            raise UndrivenQuery(f"{self.pattern!r}: unexpected {self.pattern[self.at]!r}")
        return found

    def _alternatives(self) -> list[str]:
        found = self._sequence()
        while self._next() == "|":
            self.at += 1
            found += self._sequence()
        return list(dict.fromkeys(found))[:_MOST]

    def _sequence(self) -> list[str]:
        texts = [""]
        while self._next() not in ("", "|", ")"):
            unit = self._unit()
            least = self._least()
            texts = [text + more * least for text in texts for more in unit][:_MOST]
        return texts

    def _unit(self) -> list[str]:
        first = self._next()
        if first == "(":
            return self._group()
        if first in ("^", "$"):
            self.at += 1
            return [""]
        end = self._end_of_class() if first == "[" else self.at + (2 if first == "\\" else 1)
        unit, self.at = self.pattern[self.at : end], end
        return [_character(unit)]

    def _group(self) -> list[str]:
        opening = _GROUP.match(self.pattern, self.at)
        if opening is None:
            raise UndrivenQuery(f"{self.pattern!r}: a group with flags")
        self.at = opening.end()
        found = self._alternatives()
        if self._next() != ")":
            raise UndrivenQuery(f"{self.pattern!r}: a group that does not end")
        self.at += 1
        return found

    def _end_of_class(self) -> int:
        """A `]` that comes first is a member."""
        begin = self.at + (2 if self.pattern.startswith("[^", self.at) else 1)
        end = self.pattern.find("]", begin + 1)
        if end < 0:
            raise UndrivenQuery(f"{self.pattern!r}: a class that does not end")
        return end + 1

    def _least(self) -> int:
        """How often the unit before is repeated at least."""
        counted = _COUNTED.match(self.pattern, self.at)
        if counted is not None:
            self.at, least = counted.end(), int(counted[1])
        elif self._next() in _REPEATS:
            least, self.at = _REPEATS[self._next()], self.at + 1
        else:
            return 1
        if self._next() == "?":
            self.at += 1
        return least

    def _next(self) -> str:
        return self.pattern[self.at : self.at + 1]


def _character(unit: str) -> str:
    """One that a class, an escape, a dot or a plain character stands for."""
    found: str | None = next((each for each in [*_CHARACTERS, *unit] if is_match(unit, each)), None)
    if found is None:
        raise UndrivenQuery(f"{unit!r} stands for no character that we know")
    return found
