from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import catalog
from exporter.expose import Samples
from exporter.expose.labels import LabelWriter
from tests.support.expositions import OPENMETRICS, an_exposition, part, series

CLEAN_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ANY_TEXT = st.text(st.characters(exclude_categories=[]))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("", ""),
        ('say "hi"', r"say \"hi\""),
        ("a\\b", r"a\\b"),
        ("two\nlines", r"two\nlines"),
        ("\\n", r"\\n"),
        ("tab\there", "tab\there"),
        ("Zürich 東京 🙂", "Zürich 東京 🙂"),
    ],
)
def test_values_are_escaped_as_both_formats_ask(value: str, written: str) -> None:
    assert LabelWriter().write((("name", value),)) == f'name="{written}"'


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", "\0"])
def test_what_utf_8_cannot_carry_is_replaced_counted_and_told(value: str, caplog: pytest.LogCaptureFixture) -> None:
    writer = LabelWriter()
    with caplog.at_level(logging.WARNING):
        written = writer.write((("name", value),))
    assert "\ufffd" in written
    written.encode()
    assert writer.replaced == 1
    assert "is no valid text" in caplog.text


@given(ANY_TEXT)
def test_any_text_can_be_written(value: str) -> None:
    LabelWriter().write((("name", value),)).encode()


@given(st.lists(CLEAN_TEXT, min_size=1, max_size=5, unique=True), st.sampled_from(["", OPENMETRICS]))
def test_a_parser_reads_every_value_back(values: list[str], accept: str) -> None:
    tails = tuple((("check", value),) for value in values)
    samples = Samples(catalog.MONITOR_THRESHOLD, "x", ((("monitor", "x"),),), tails, np.arange(len(values)))
    found = series(an_exposition().render([part(samples)], accept))
    read = {dict(labels)["check"]: value for (_, labels), value in found.items() if "check" in dict(labels)}
    assert read == dict(zip(values, range(len(values)), strict=True))


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "ü", "a\n"])
def test_a_name_that_prometheus_would_refuse_is_refused_here(name: str) -> None:
    with pytest.raises(ValueError, match="is not a label name"):
        LabelWriter().write(((name, "value"),))


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="given twice: a, a"):
        LabelWriter().write((("a", "1"), ("a", "2")))


def test_replaced_values_are_counted_by_the_exposition() -> None:
    exposition = an_exposition()
    exposition.render([part(Samples(catalog.SERIES, "x", ((("monitor", "\ud800"),),), ((),), np.array([1])))])
    assert exposition.replaced_label_values == 1
