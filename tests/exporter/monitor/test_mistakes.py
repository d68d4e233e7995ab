"""One file for each mistake that a person can make, with what they are told beside it (`tests/golden/mistakes`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.derive.sql import check_expressions
from exporter.errors import InvalidMonitors
from exporter.monitor.load import load_monitors
from tests.support.golden import GoldenFiles

FOLDER = Path(__file__).parents[2] / "golden" / "mistakes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_with_its_line_and_what_was_expected(
    name: str, golden: GoldenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(InvalidMonitors) as raised:
        load_monitors([Path(f"{name}.yaml")], check_expressions)
    golden.check(FOLDER / f"{name}.txt", "".join(f"{mistake}\n" for mistake in raised.value.mistakes))


def test_no_message_speaks_of_pydantic() -> None:
    for name in NAMES:
        text = (FOLDER / f"{name}.txt").read_text().casefold()
        for jargon in ("pydantic", "http", "input", "dictionary", "valid string", "discriminator", "extra"):
            assert jargon not in text, name


def test_every_expected_text_has_its_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES
