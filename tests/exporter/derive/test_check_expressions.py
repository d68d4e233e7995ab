from __future__ import annotations

import duckdb
import pytest

from exporter.derive.connection import open_connection
from exporter.derive.sql import check_expressions
from exporter.derive.syntax import InvalidExpression, column_names
from tests.support.batches import a_monitor

AGE_AND_REGION = {"age": {"type": "number"}, "region": {"type": "category"}}


def the_mistake(sql: str, kind: str = "number") -> str:
    """The one mistake in a derived feature."""
    [(key, message)] = check_expressions(a_monitor({**AGE_AND_REGION, "derived": {"type": kind, "sql": sql}}))
    assert key == ("spec", "features", "derived", "sql")
    return message


@pytest.mark.parametrize(
    "sql",
    [
        "age + 1",
        "AGE / nullif(score, 0)",
        "age > 3",
        "extract(hour from ts)",
        "list_sum(list_transform([1, 2], lambda x: x + age))",
        "age -- a comment",
        "null + age",
        "epoch(ts)",
        "case region when 'north' then 1 end",
        "age::decimal(10, 2)",
    ],
)
def test_an_expression_over_the_fields_is_fine(sql: str) -> None:
    assert check_expressions(a_monitor({**AGE_AND_REGION, "derived": {"type": "number", "sql": sql}})) == []


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("agee + 1", "unknown field 'agee'; did you mean 'age'?"),
        ("xyzzy", "unknown field 'xyzzy', expected one of age, region, id, ts, score; another field must be declared"),
        ("age +", "syntax error at or near"),
        ("", "empty, expected a DuckDB expression"),
        ("  ", "empty, expected a DuckDB expression"),
        ("1 + 1", "refers to no field of the event"),
        ("age, region", "gives TUPLE(DOUBLE, VARCHAR), expected a number"),
        ("upper(region)", "gives VARCHAR, expected a number"),
        ("[age]", "gives DOUBLE[], expected a number"),
        ("sum(age)", "an expression sees one event at a time"),
        ("row_number() over (order by age)", "an expression sees one event at a time"),
        ("age + random()", "may not hold a volatile function"),
        ("agee(age)", "Scalar Function with name agee does not exist!"),
        ("region + 1 + upper(age)", "No function matches"),
        ("batch.age", "unknown table 'batch'"),
        ("age" + " + 1" * 2000, "8003 characters long, expected at most 4000"),
        ("len(range(age::bigint))", "range() is not allowed"),
        ("len(REPEAT(region, 9))", "not allowed: a value in one event could take all memory"),
        ("derived + 1", "'derived' is derived too, and not before"),
    ],
)
def test_a_mistake_is_told_in_words(sql: str, message: str) -> None:
    assert message in the_mistake(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "(select 1)",
        "age in (select 1)",
        "exists(from read_csv('/etc/passwd'))",
        "1) from read_text('/etc/passwd') where (1",
        "1) union select (age",
        "1); drop table batch; select (age",
        "*",
        "columns('age')",
        "$1",
        "age) limit (2",
    ],
)
def test_nothing_but_one_scalar_expression_gets_in(sql: str) -> None:
    assert the_mistake(sql)


@pytest.mark.parametrize(
    ("sql", "fine"), [("floor(age)", False), ("age::integer", True), ("age > 3", True), ("ts", False)]
)
def test_a_category_is_text_a_whole_number_or_a_boolean(sql: str, fine: bool) -> None:
    mistakes = check_expressions(a_monitor({**AGE_AND_REGION, "derived": {"type": "category", "sql": sql}}))
    assert bool(mistakes) != fine


def test_a_rule_must_be_a_condition() -> None:
    mistakes = check_expressions(a_monitor(AGE_AND_REGION, rules={"fine": "age > 3", "not_fine": "age + 3"}))
    assert mistakes == [(("spec", "rules", 1, "sql"), "gives DOUBLE, expected a condition that is true or false")]


def test_all_mistakes_are_told_at_once() -> None:
    features = {**AGE_AND_REGION, "a": {"type": "number", "sql": "agee"}, "b": {"type": "number", "sql": "b2("}}
    keys = [key for key, _ in check_expressions(a_monitor(features, rules={"r": "ag > 1"}))]
    assert keys == [("spec", "features", "a", "sql"), ("spec", "features", "b", "sql"), ("spec", "rules", 0, "sql")]


def test_a_wrong_derived_feature_does_not_make_those_that_read_it_wrong() -> None:
    features = {**AGE_AND_REGION, "a": {"type": "number", "sql": "agee"}, "b": {"type": "number", "sql": "a + 1"}}
    assert [key[2] for key, _ in check_expressions(a_monitor(features))] == ["a"]


def test_names_that_differ_in_case_only_are_ambiguous() -> None:
    features = {"age": {"type": "number"}, "Age": {"type": "number"}}
    [(_, message)] = check_expressions(a_monitor(features, rules={"r": "age > 1"}))
    assert message == "'age' is ambiguous: SQL cannot tell 'age' from 'Age'"


def test_a_derived_feature_may_not_take_the_name_of_a_field() -> None:
    [(_, message)] = check_expressions(a_monitor({**AGE_AND_REGION, "Score": {"type": "number", "sql": "age"}}))
    assert message == "the feature's name is already that of the field 'score'; give it another"


def test_a_monitor_without_sql_has_no_mistakes() -> None:
    assert check_expressions(a_monitor()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/infranaut'",
        "ATTACH '/tmp/infranaut.db'",
        "INSTALL httpfs",
        "LOAD '/tmp/infranaut.duckdb_extension'",
        "SET enable_external_access = true",
        "SET threads = 8",
        "SELECT * FROM a_python_variable",
    ],
)
def test_the_connection_reaches_nothing_outside_itself(statement: str) -> None:
    connection = open_connection()
    a_python_variable = {"secret": [1]}
    with pytest.raises(duckdb.Error):
        connection.execute(statement).fetchall()
    assert a_python_variable
    connection.close()


@pytest.mark.parametrize(
    "sql", ["age) limit (2", "age) order by (2", "age) from range(3) t(age) where (true", "1) union select (age"]
)
def test_what_stands_around_the_expression_is_looked_at_before_it_is_bound(sql: str) -> None:
    connection = open_connection()
    with pytest.raises(InvalidExpression, match="expected a single expression"):
        column_names(connection, sql)
    connection.close()
