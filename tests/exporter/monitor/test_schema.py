"""The JSON Schema agrees with what `infranaut check` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from exporter.monitor.schema import schema_text
from tests.support.monitor_files import FULL

MISTAKES = Path(__file__).parents[2] / "golden" / "mistakes"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema_text()))


def errors_of(text: str) -> list[Any]:
    return list(VALIDATOR.iter_errors(yaml.safe_load(text)))


def test_the_schema_is_one() -> None:
    VALIDATOR.check_schema(VALIDATOR.schema)


def test_a_monitor_with_every_part_agrees_with_the_schema() -> None:
    assert errors_of(FULL) == []
    assert errors_of(FULL.replace("window: 1h", "window: [1h, 1d]").replace("[north, ", "[1, true, ")) == []


@pytest.mark.parametrize(
    "name",
    ["unknown_key", "unknown_task", "missing_prediction", "text_for_a_number", "duration_in_words", "no_features"],
)
def test_an_editor_shows_the_mistakes_of_single_keys(name: str) -> None:
    assert errors_of((MISTAKES / f"{name}.yaml").read_text())
