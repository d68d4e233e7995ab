from __future__ import annotations

from typing import Any

import pytest

from exporter.batch import ID, LABEL, Reason
from exporter.decode.formats import CSV
from exporter.decode.projection import FieldKind
from tests.support.payloads import ENCODERS, a_labels_projection, as_lines, column, decode, reasons

MISSING, INVALID = Reason.MISSING_LABEL, Reason.INVALID_LABEL


def labels(
    *values: Any, positive: str | None = None, kind: FieldKind = FieldKind.OUTCOME
) -> list[float | str | Reason]:
    """What becomes of each label: its value, or why it is set aside."""
    rows = [{"id": f"e{row}", "label": value} for row, value in enumerate(values)]
    decoded = decode(as_lines(rows), projection=a_labels_projection(kind, positive))
    accepted = dict(zip(column(decoded, ID), column(decoded, LABEL), strict=True))
    refused = dict(reasons(decoded))
    return [refused[row] if row in refused else accepted[f"e{row}"] for row in range(len(values))]


def test_without_a_positive_class_labels_are_0_1_true_and_false() -> None:
    assert labels(0, 1, True, False, 1.0, "1", "0", "true", "False", "1.0") == [0, 1, 1, 0, 1, 1, 0, 1, 0, 1]
    assert labels("UP", 2, 0.5, [1], {}) == [INVALID] * 5
    assert labels(None, "") == [MISSING] * 2


def test_with_a_word_for_the_positive_class_the_other_words_are_negative() -> None:
    assert labels("UP", "DOWN", "up", 1, 0, True, positive="UP") == [1, 0, 0, 1, 0, 1]
    assert labels(2, None, "", [], positive="UP") == [INVALID, MISSING, MISSING, INVALID]


def test_with_a_number_for_the_positive_class_the_other_numbers_are_negative() -> None:
    assert labels(2, 1, "2", 2.0, 0, "x", positive="2") == [1, 0, 1, 1, 0, 0]
    assert labels(0, 1, False, "0.0", positive="0") == [1, 0, 0, 1]
    assert labels(True, False, "TRUE", "no", positive="true") == [1, 0, 1, 0]


def test_regression_labels_are_finite_numbers() -> None:
    assert labels(1, -2.5, "3", True, None, kind=FieldKind.NUMBER) == [1.0, -2.5, INVALID, INVALID, MISSING]
    decoded = decode(b'{"id": 1, "label": 1e999}', projection=a_labels_projection(FieldKind.NUMBER))
    assert reasons(decoded) == [(0, INVALID)]


def test_multiclass_labels_are_names() -> None:
    assert labels("cat", 3, None, "", ["cat"], kind=FieldKind.CATEGORY) == ["cat", "3", MISSING, MISSING, INVALID]


@pytest.mark.parametrize("content_type", ENCODERS)
def test_every_format_reads_the_same_labels(content_type: str) -> None:
    rows = [{"id": f"e{row}", "label": value} for row, value in enumerate(["UP", "DOWN", "UP", None])]
    decoded = decode(ENCODERS[content_type](rows), content_type, a_labels_projection(positive="UP"))
    assert column(decoded, LABEL) == [1.0, 0.0, 1.0]
    assert reasons(decoded) == [(3, MISSING)]


def test_a_label_needs_an_id() -> None:
    decoded = decode(b"id,label\n,1\nb,1\n", CSV, a_labels_projection())
    assert reasons(decoded) == [(0, Reason.MISSING_ID)]
