"""Texts that match a regular expression, or none where it is beyond us."""

from __future__ import annotations

import string

import pytest

from rules.scenario.queried.matching_text import is_match, matching_texts
from rules.scenario.queried.undriven import UndrivenQuery


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("GET|POST", ["GET", "POST"]),
        ("5..", ["500"]),
        ("2..|3..", ["200", "300"]),
        ("[245]..", ["200"]),
        ("[^0]+", ["1"]),
        ("[]a]", ["a"]),
        (r"\d+\.js", ["0.js"]),
        ("^(?:get|(?P<w>put))_x?$", ["get_", "put_"]),
        ("a{2}b{0,3}c*?", ["aa"]),
        ("/api/v[12]/.*", ["/api/v1/"]),
        ("é", ["é"]),
        ("", [""]),
    ],
)
def test_each_alternative_has_a_text(pattern: str, texts: list[str]) -> None:
    assert matching_texts(pattern) == texts


@pytest.mark.parametrize(
    "pattern", ["(?i)get", "[[:alpha:]]", "(a", "a)b", "[a", "(?!a)b", "a^b", r"\bget", r"\pL", "[^\x00-\U0010ffff]"]
)
def test_what_is_beyond_us_has_none(pattern: str) -> None:
    assert matching_texts(pattern) == []


def test_alternatives_of_alternatives_stay_few() -> None:
    assert len(matching_texts("(a|b|c)(a|b|c)(a|b|c)(a|b|c)")) == 16
    assert len(matching_texts("|".join(string.ascii_letters))) == 16


def test_a_pattern_that_python_would_read_otherwise_is_not_tried() -> None:
    with pytest.raises(UndrivenQuery, match=r"the regular expression '\[\[:digit:\]\]' cannot be tried here"):
        is_match("[[:digit:]]", "1")
    assert is_match("a.c", "a\nc")
    assert not is_match("a", "ab")
