"""A query with more matchers in each of its selectors, and one more label in each of its joins and sums.

That is how one set of rules serves a Prometheus, Thanos or Mimir that holds several clusters: see `Scope`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.")
_LABEL_LISTS = frozenset(("by", "without", "on", "ignoring", "group_left", "group_right"))
_KEYWORDS = _LABEL_LISTS | {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}
_KEPT_LABELS = frozenset(("by", "on"))
"""What names the labels that stay, or that must be equal; the others name those that do not."""


@dataclass(frozen=True, slots=True)
class ScopeText:
    """What goes into a query: before other matchers, as the only ones, and after a bare name; before other labels, and
    as the only one."""

    matchers_before: str
    matchers: str
    braces: str
    label_before: str
    label: str


def scoped_query(query: str, text: ScopeText) -> str:
    """The query with the text of a scope in it; strings and label lists that are not concerned stay as they are."""
    return "".join(_scoped(query, text))


def _scoped(query: str, text: ScopeText) -> Iterator[str]:
    position = 0
    while position < len(query):
        end = _token_end(query, position)
        token = query[position:end]
        if token[0] == "{":
            matchers = text.matchers if token[1:-1].strip() == "" else text.matchers_before
            yield "{" + matchers + token[1:]
        elif not _is_word(token):
            yield token
        elif token in _LABEL_LISTS:
            list_end = query.index(")", end) + 1
            yield token + (_with_label(query[end:list_end], text) if token in _KEPT_LABELS else query[end:list_end])
            end = list_end
        else:
            yield token + (text.braces if _is_bare_name(token, query[end:]) else "")
        position = end


def _token_end(query: str, start: int) -> int:
    """The end of a string, of a selector in braces, of a range in brackets, of a word, or of one other character."""
    first = query[start]
    if first in "\"'`":
        return string_end(query, start)
    if first == "{":
        position = start + 1
        while query[position] != "}":
            position = string_end(query, position) if query[position] in "\"'`" else position + 1
        return position + 1
    if first == "[":
        return query.index("]", start) + 1
    end = start
    while end < len(query) and query[end] in _WORD:
        end += 1
    return max(end, start + 1)


def string_end(query: str, start: int) -> int:
    """The end of the string that starts here; PromQL's quotes and Go's are alike."""
    position = start + 1
    while query[position] != query[start]:
        position += 2 if query[position] == "\\" and query[start] != "`" else 1
    return position + 1


def _is_word(token: str) -> bool:
    return token[0] in _WORD and not token[0].isdigit() and token[0] != "."


def _is_bare_name(word: str, rest: str) -> bool:
    """Whether a word is a metric without braces: no function, no aggregation, no keyword."""
    following = rest.lstrip()
    is_call = following[:1] in ("(", "{") or any(following.startswith(f"{clause} ") for clause in ("by", "without"))
    return word.lower() not in _KEYWORDS and not is_call


def _with_label(labels: str, text: ScopeText) -> str:
    before, _, after = labels.partition("(")
    return f"{before}({text.label if after == ')' else text.label_before}{after}"
