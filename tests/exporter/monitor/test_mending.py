"""Reading on in spite of mistakes, whatever stands where."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from exporter.monitor.consistency import check_consistency
from exporter.monitor.mending import read_monitor
from exporter.monitor.positions import Document, KeyPath
from tests.support.monitor_files import FULL

STRANGE: list[Any] = [
    None,
    True,
    5,
    -1.5,
    float("nan"),
    10**400,
    "",
    "x",
    "__x",
    [],
    [1],
    ["x", "x"],
    [{}],
    {},
    {"x": 1},
]


def paths_in(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths_in(inner, (*path, key))


def replaced(path: KeyPath, value: Any) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(ORIGINAL)
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


ORIGINAL: Any = yaml.safe_load(FULL)
PATHS = list(paths_in(ORIGINAL))


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:12])
def test_whatever_stands_at_a_key_is_told_in_words_and_the_rest_is_read(value: Any) -> None:
    for path in PATHS:
        reading = read_monitor(Document(1, replaced(path, value)))
        assert reading.monitor is not None or path == ("kind",), path
        for flaw in reading.flaws:
            assert flaw.key[: len(path)] == path or path[: len(flaw.key)] == flaw.key, (path, flaw)
            assert "nput" not in flaw.message, (path, flaw)
            assert "ictionary" not in flaw.message, (path, flaw)
        if reading.monitor is not None:
            check_consistency(reading.monitor)


def test_whatever_key_is_left_out_the_rest_is_read() -> None:
    for path in PATHS:
        document = replaced(path, None)
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]
        assert read_monitor(Document(1, document)).monitor is not None, path


def test_a_monitor_with_nothing_right_in_it_is_mended_too() -> None:
    reading = read_monitor(Document(1, {"kind": "Monitor", "spec": {"features": {"a": 1, "b": []}, "slos": [1, {}]}}))
    assert reading.monitor is not None
    assert list(reading.monitor.spec.features) == ["a", "b"]
    assert reading.is_broken(("spec", "slos", 1))
    assert not reading.is_broken(("spec", "drift"))
