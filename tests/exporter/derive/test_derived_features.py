from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.derive import Deriver
from exporter.errors import InvalidMonitors
from tests.support.batches import a_batch, a_monitor

INCOME_AND_DEBT = {"income": {"type": "number"}, "debt": {"type": "number"}}
RATIO = {**INCOME_AND_DEBT, "ratio": {"type": "number", "sql": "income / nullif(debt, 0)"}}


def numbers(derived: Any, name: str) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in derived.batch.number(name)]


def test_a_derived_number_is_computed_from_other_features() -> None:
    derived = Deriver(a_monitor(RATIO)).derive(a_batch(income=[10.0, 9.0], debt=[5.0, 2.0]))
    assert numbers(derived, "ratio") == [2.0, 4.5]
    assert not derived.failed


def test_a_missing_number_is_null_in_sql_and_missing_in_the_result() -> None:
    derived = Deriver(a_monitor(RATIO)).derive(a_batch(income=[None, 9.0, 8.0], debt=[5.0, 0.0, None]))
    assert numbers(derived, "ratio") == [None, None, None]
    assert not derived.failed


def test_a_derived_feature_reads_earlier_derived_features() -> None:
    features = {
        **RATIO,
        "double": {"type": "number", "sql": "ratio * 2"},
        "band": {"type": "category", "sql": "case when double + ratio > 7 then 'high' else 'low' end"},
    }
    derived = Deriver(a_monitor(features)).derive(a_batch(income=[10.0, 9.0], debt=[5.0, 2.0]))
    assert numbers(derived, "double") == [4.0, 9.0]
    assert derived.batch.column("band").to_pylist() == ["low", "high"]


def test_the_fields_of_the_event_go_by_their_payload_names() -> None:
    features = {
        "age": {"type": "number", "field": "Age of client"},
        "hour": {"type": "category", "sql": "hour(ts)"},
        "sure": {"type": "number", "sql": "abs(score - 0.5)"},
        "old": {"type": "number", "sql": '"Age of client" > 60'},
        "shard": {"type": "category", "sql": "right(id, 1)"},
    }
    derived = Deriver(a_monitor(features)).derive(a_batch(age=[61.0, 30.0]))
    assert derived.batch.column("hour").to_pylist() == ["15", "15"]
    assert numbers(derived, "sure") == [0.0, 0.0]
    assert numbers(derived, "old") == [1.0, 0.0]
    assert derived.batch.column("shard").to_pylist() == ["0", "1"]


def test_an_expression_that_fails_for_a_row_fails_for_that_row_only() -> None:
    features = {"code": {"type": "category"}, "number": {"type": "number", "sql": "code::integer"}}
    derived = Deriver(a_monitor(features)).derive(a_batch(code=["1", "x", None, "4"]))
    assert numbers(derived, "number") == [1.0, None, None, 4.0]
    assert derived.failed["number"].tolist() == [False, True, False, False]


def test_an_overflow_fails_for_its_row_only() -> None:
    features = {"age": {"type": "number"}, "big": {"type": "number", "sql": "age::bigint * 9223372036854775807"}}
    derived = Deriver(a_monitor(features)).derive(a_batch(age=[0.0, 2.0]))
    assert numbers(derived, "big") == [0.0, None]
    assert derived.failed["big"].tolist() == [False, True]


def test_what_fails_below_does_not_count_again_above() -> None:
    features = {
        "code": {"type": "category"},
        "number": {"type": "number", "sql": "code::integer"},
        "next": {"type": "number", "sql": "number + 1"},
    }
    derived = Deriver(a_monitor(features)).derive(a_batch(code=["1", "x"]))
    assert set(derived.failed) == {"number"}


def test_an_infinity_is_kept_for_validation_to_judge() -> None:
    features = {"age": {"type": "number"}, "inverse": {"type": "number", "sql": "1 / age"}}
    derived = Deriver(a_monitor(features)).derive(a_batch(age=[0.0]))
    assert np.isposinf(derived.batch.number("inverse"))[0]


def test_a_rule_is_broken_where_false_or_not_computable_and_passed_where_null() -> None:
    monitor = a_monitor(
        {"age": {"type": "number"}, "code": {"type": "category"}},
        rules={"adult": "age >= 18", "coded": "code::integer > 0", "fine": "age is null or age < 1000"},
    )
    derived = Deriver(monitor).derive(a_batch(age=[20.0, 3.0, None], code=["1", "x", None]))
    assert derived.broken["adult"].tolist() == [False, True, False]
    assert derived.broken["coded"].tolist() == [False, True, False]
    assert "fine" not in derived.broken
    assert not derived.failed


def test_a_rule_reads_derived_features() -> None:
    derived = Deriver(a_monitor(RATIO, rules={"small": "ratio < 3"})).derive(
        a_batch(income=[10.0, 9.0], debt=[5.0, 2.0])
    )
    assert derived.broken["small"].tolist() == [False, True]


def test_categories_may_come_as_a_dictionary_or_as_plain_text() -> None:
    features = {"region": {"type": "category"}, "shout": {"type": "category", "sql": "upper(region)"}}
    deriver = Deriver(a_monitor(features))
    plain = pa.array(["north", None, "south"])
    for column in (plain, plain.dictionary_encode(), pa.nulls(3), plain.cast(pa.large_string()), plain[1:]):
        expected = [value.upper() if value else None for value in column.to_pylist()]
        assert deriver.derive(a_batch(region=column)).batch.column("shout").to_pylist() == expected


def test_a_column_that_the_batch_lacks_is_null() -> None:
    monitor = a_monitor(
        rules={"fast": "latency < 1", "answered": "error is null"}, latency_seconds="latency", error="error"
    )
    assert not Deriver(monitor).derive(a_batch(age=[1.0])).broken


def test_an_empty_batch_stays_empty_and_gains_its_columns() -> None:
    derived = Deriver(a_monitor(RATIO)).derive(a_batch(income=[], debt=[]))
    assert len(derived.batch) == 0
    assert derived.batch.has("ratio")


def test_batches_of_any_size_go_through_one_prepared_query() -> None:
    deriver = Deriver(a_monitor(RATIO))
    for rows in (1, 5000, 3):
        derived = deriver.derive(a_batch(income=[8.0] * rows, debt=[2.0] * rows))
        assert numbers(derived, "ratio") == [4.0] * rows


def test_a_timestamp_that_is_no_date_costs_nothing_but_itself() -> None:
    monitor = a_monitor({"age": {"type": "number"}, "year": {"type": "number", "sql": "year(ts)"}})
    batch = a_batch(age=[1.0, 1.0], **{"@timestamp": [1e300, 0.0]})
    assert numbers(Deriver(monitor).derive(batch), "year") == [None, 1970.0]


def test_an_expression_that_breaks_the_whole_query_costs_no_other_expression(caplog: pytest.LogCaptureFixture) -> None:
    features = {"age": {"type": "number"}, "code": {"type": "category"}, "next": {"type": "number", "sql": "age + 1"}}
    loud = {"loud": {"type": "category", "sql": "upper(code)"}}
    deriver = Deriver(a_monitor({**features, **loud}, rules={"old": "age > 60", "coded": "upper(code) <> 'X'"}))
    with caplog.at_level(logging.WARNING):
        derived = deriver.derive(a_batch(age=[61.0, 3.0], code=text_that_is_not_unicode()))
    assert numbers(derived, "next") == [62.0, 4.0]
    assert derived.batch.column("loud").to_pylist() == [None, None]
    assert derived.failed["loud"].tolist() == [True, True]
    assert derived.broken["old"].tolist() == [False, True]
    assert derived.broken["coded"].tolist() == [True, True]
    assert "spec.features.loud.sql: could not be computed for 2 rows" in caplog.text
    assert "Stack Trace" not in caplog.text
    assert deriver.derive(a_batch(age=[1.0], code=["a"])).batch.column("loud").to_pylist() == ["A"]


def text_that_is_not_unicode() -> pa.Array:
    """Two strings, of which DuckDB can read the first only."""
    offsets = pa.array([0, 1, 3], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xff\xfe")])


def test_a_forked_process_opens_a_connection_of_its_own_and_closes_no_other() -> None:
    deriver = Deriver(a_monitor(RATIO))
    deriver.open()
    child = os.fork()
    if child == 0:
        # Closing the connection of the parent would wait for ever for its threads.
        signal.alarm(20)
        derived = deriver.derive(a_batch(income=[8.0], debt=[2.0]))
        deriver.close()
        os._exit(0 if numbers(derived, "ratio") == [4.0] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert numbers(deriver.derive(a_batch(income=[8.0], debt=[2.0])), "ratio") == [4.0]


def test_a_monitor_without_sql_gets_its_batch_back_and_never_imports_duckdb() -> None:
    program = (
        "import sys; from exporter.derive import Deriver; from tests.support.batches import a_batch, a_monitor;"
        "deriver = Deriver(a_monitor()); deriver.open(); batch = a_batch(age=[1.0]);"
        "assert deriver.derive(batch).batch is batch; deriver.close(); assert 'duckdb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_opening_with_a_wrong_expression_names_its_key() -> None:
    deriver = Deriver(a_monitor(rules={"adult": "agee > 3"}))
    with pytest.raises(InvalidMonitors, match=r"spec\.rules\[0\]\.sql: unknown field 'agee'; did you mean 'age'\?"):
        deriver.open()


def test_it_can_be_closed_and_used_again() -> None:
    deriver = Deriver(a_monitor(RATIO))
    for _ in range(2):
        assert numbers(deriver.derive(a_batch(income=[8.0], debt=[2.0])), "ratio") == [4.0]
        deriver.close()
    deriver.close()
