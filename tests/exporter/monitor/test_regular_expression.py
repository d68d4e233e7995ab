"""Which regular expressions Prometheus would take; asked of the real one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from exporter.monitor.promql_literal import literal
from exporter.monitor.regular_expression import regex_mistake
from tests.support.promtool import assert_promtool

TAKEN = [
    *("a+?", "a*?b*", "(a*)*", "^*", "a{3,5}?", "x{1000}", "a{", "a{,3}", "{a}", "[[a]]", "[*+]+", r"\*+", "()|"),
    *("(?i)a", "(?U)a", "(?s-i:a)", "(?i)(?-i)x", "(?P<a>x)", "(?:a)*"),
    *(
        "[[:alpha:]]",
        "[]a]",
        "[^]a]*",
        "[a&&b]",
        r"[\]]+",
        r"\x41",
        r"\x{41}",
        r"\pN",
        r"\p{L}",
        r"\p{Greek}",
        r"\A\B\z",
    ),
]
REFUSED = [
    *("a++", "a**", "a{2}{3}", "a{1,2}{3}", "a*??", "a+?*", "x{1001}", "x{2,2000}", "[*+]**", r"\++*"),
    *("(?x)a", "(?u)a", "(?R)a", "(?-u:a)", "(?<a>x)", "(?=a)", "(?!a)", "(?>a)", r"(a)\1", "(", "*", "[z-a]"),
    *(r"\u{41}", r"\u0041", r"\p{scx=Greek}", r"\p{Letter}", r"\pX"),
]


@pytest.mark.parametrize("pattern", TAKEN)
def test_what_prometheus_takes_is_taken(pattern: str) -> None:
    assert regex_mistake(pattern) is None


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_prometheus_refuses_is_refused(pattern: str) -> None:
    assert regex_mistake(pattern)


def test_prometheus_takes_what_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "taken.yaml", TAKEN)
    assert_promtool("check", "rules", tmp_path / "taken.yaml")


def test_prometheus_refuses_each_that_is_refused(tmp_path: Path) -> None:
    """promtool tells every rule of a file that it refuses."""
    write(tmp_path / "refused.yaml", [*REFUSED, "fine"])
    with pytest.raises(AssertionError) as raised:
        assert_promtool("check", "rules", tmp_path / "refused.yaml")
    told = str(raised.value)
    assert [index for index in range(len(REFUSED) + 1) if f'"{record(index)}"' not in told] == [len(REFUSED)]


def write(path: Path, patterns: list[str]) -> None:
    rules = [{"record": record(index), "expr": f"x{{a=~{literal(each)}}}"} for index, each in enumerate(patterns)]
    path.write_text(yaml.safe_dump({"groups": [{"name": "patterns", "rules": rules}]}), encoding="utf-8")


def record(index: int) -> str:
    return f"pattern:number_{index}:x"
