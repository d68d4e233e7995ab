"""Answers about vectors are worked out once."""

from __future__ import annotations

from collections.abc import Iterable

from rules.label_vectors import Answers, Grouping, LabelSet, Vector, grouped

SETS = [frozenset({("bin", b), ("job", "j")}) for b in "xy"]


def test_the_same_question_about_the_same_vector_is_answered_once() -> None:
    asked: list[Vector] = []

    def first_of(vector: Vector) -> Iterable[LabelSet]:
        asked.append(vector)
        return vector.sets[:1]

    answers = Answers()
    vector = answers.vector(SETS)
    assert answers.of(first_of, vector) is answers.of(first_of, vector)
    assert len(asked) == 1


def test_the_same_label_sets_are_the_same_vector_wherever_they_come_from() -> None:
    answers = Answers()
    vector = answers.vector(SETS)
    assert answers.vector(list(SETS)) is vector
    assert answers.vector(reversed(SETS)) is not vector
    by_job, by_bin = Grouping(frozenset({"job"}), is_without=False), Grouping(frozenset({"bin"}))
    assert answers.of(grouped, vector, by_job) is answers.of(grouped, vector, by_bin)
    assert [dict(labels) for labels in answers.of(grouped, vector, by_job).sets] == [{"job": "j"}]
