"""The column that tells which values of a row could not be used."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.archive.unusable_values import unusable_column, unusable_values
from exporter.errors import CorruptEntry

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def test_names_stand_in_order_in_a_json_array_and_most_rows_have_none() -> None:
    marked = {"region": np.array([True, False, True, False]), "age": np.array([False, False, True, False])}
    column = unusable_column(marked)
    assert column is not None
    assert column.to_pylist() == ['["region"]', None, '["age","region"]', None]
    assert column.type == pa.string()


@pytest.mark.parametrize("marked", [{}, {"age": np.zeros(3, dtype=np.bool_)}, {"age": np.zeros(0, dtype=np.bool_)}])
def test_without_an_unusable_value_there_is_no_column(
    marked: dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]],
) -> None:
    assert unusable_column(marked) is None


@given(st.data(), st.lists(NAMES, unique=True, max_size=5), st.integers(1, 30))
def test_marks_come_back_whatever_features_are_called(data: st.DataObject, names: list[str], rows: int) -> None:
    marks = {name: np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows))) for name in names}
    column = unusable_column(marks)
    found = {} if column is None else unusable_values(column)
    assert {name: mask.tolist() for name, mask in found.items()} == {
        name: mask.tolist() for name, mask in marks.items() if mask.any()
    }
    for text in [] if column is None else column.drop_null().to_pylist():
        assert json.loads(text) == sorted(json.loads(text))


def test_rows_may_have_many_different_marks_on_many_features() -> None:
    rng = np.random.default_rng(1)
    marks = {f"feature_{number:02}": rng.random(300) < 0.1 for number in range(70)}
    column = unusable_column(marks)
    assert column is not None
    assert {name: mask.tolist() for name, mask in unusable_values(column).items()} == {
        name: mask.tolist() for name, mask in marks.items()
    }


def test_a_dictionary_or_a_column_of_nulls_without_a_type_is_read_too() -> None:
    encoded = pa.array(['["age"]', None, '["age","region"]', '["age"]']).dictionary_encode()
    found = {name: mask.tolist() for name, mask in unusable_values(encoded).items()}
    assert found == {"age": [True, False, True, True], "region": [False, False, True, False]}
    assert unusable_values(pa.nulls(3)) == unusable_values(pa.nulls(3, pa.string())) == {}


@pytest.mark.parametrize("text", ["age", '"age"', "[1]", '{"age": 1}', "", '["age"'])
def test_text_that_is_no_list_of_names_is_told(text: str) -> None:
    with pytest.raises(CorruptEntry, match="no JSON array of names"):
        unusable_values(pa.array([None, text]))
