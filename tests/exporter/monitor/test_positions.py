"""YAML with line numbers."""

from __future__ import annotations

import pytest

from exporter.monitor.positions import UnreadableYaml, format_key, read_documents


def test_keys_are_the_text_that_was_written_and_dates_stay_text() -> None:
    (document,) = read_documents(b"on: 1\n2: yes\n3.50: 2026-01-31\nnull: ~\n")
    assert document.value == {"on": 1, "2": True, "3.50": "2026-01-31", "null": None}


def test_every_key_and_every_item_knows_its_line() -> None:
    (document,) = read_documents(b"a:\n  b: [1,\n    2]\n  c:\n    - d: 1\n")
    assert document.lines[("a", "b", 1)] == 3
    assert document.lines[("a", "c", 0, "d")] == 5
    assert document.line_of(("a", "c", 7, "x")) == 4
    assert document.line_of(("z",)) == 1


def test_merged_mappings_are_one_mapping_and_no_key_of_theirs_is_a_repetition() -> None:
    (document,) = read_documents(b"base: &base {a: 1, b: 2}\nmore:\n  <<: *base\n  b: 3\n")
    assert document.value == {"base": {"a": 1, "b": 2}, "more": {"a": 1, "b": 3}}
    assert document.flaws == []


def test_documents_that_hold_nothing_are_left_out() -> None:
    assert read_documents(b"") == []
    assert [document.line for document in read_documents(b"---\n---\na: 1\n---\n# end\n")] == [3]


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert read_documents("\ufeffa: 1".encode())[0].value == {"a": 1}


@pytest.mark.parametrize("text", ["a: 1\nb: [", "a: 1\nb: !!python/name:os.system x", "a: 1\n\t- b", "a: 1\n<<: 3"])
def test_what_is_no_plain_yaml_names_its_line(text: str) -> None:
    with pytest.raises(UnreadableYaml) as raised:
        read_documents(text.encode())
    assert raised.value.line == 2


def test_keys_that_are_no_plain_words_stand_in_quotes() -> None:
    assert format_key(("spec", "rules", 0, "sql")) == "spec.rules[0].sql"
    assert format_key(("spec", "features", "hours per.week", "min")) == 'spec.features["hours per.week"].min'
