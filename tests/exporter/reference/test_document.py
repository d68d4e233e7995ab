"""The file of a reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exporter.errors import InvalidReference
from exporter.reference.document import load_reference, quantile_bin_names, save_reference, smoothed_ratios
from tests.support.batches import a_monitor
from tests.support.reference_data import a_table, build_from


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_reference(build_from(tmp_path, a_monitor(), a_table()), tmp_path / "credit.reference.json")
    return tmp_path / "credit.reference.json"


def refused(path: Path) -> str:
    with pytest.raises(InvalidReference) as raised:
        load_reference(path)
    return str(raised.value)


def test_an_edit_by_hand_is_noticed(path: Path) -> None:
    path.write_text(path.read_text().replace('"rows": 1000', '"rows": 1001'))
    assert refused(path).endswith("does not match its SHA-256; it was edited by hand: build it again")


def test_another_version_and_another_file_are_refused(path: Path) -> None:
    text = path.read_text()
    path.write_text(text.replace('"version": 1', '"version": 2'))
    assert "version 2, expected 1" in refused(path)
    path.write_text(text[:-20])
    assert "not a reference that `infranaut reference build` wrote" in refused(path)
    path.unlink()
    assert "cannot read the reference: No such file or directory" in refused(path)


def test_a_place_that_cannot_be_written_is_told_and_nothing_stays_beside_it(path: Path) -> None:
    taken = path.with_name("taken.json")
    taken.mkdir()
    before = sorted(path.parent.iterdir())
    with pytest.raises(InvalidReference, match=rf"^{taken}: the reference cannot be written: Is a directory$"):
        save_reference(load_reference(path), taken)
    with pytest.raises(InvalidReference, match=r"/below/r\.json: the reference cannot be written: Not a directory$"):
        save_reference(load_reference(path), path / "below" / "r.json")
    assert sorted(path.parent.iterdir()) == before


def test_the_file_can_be_read_by_a_person_and_compared_line_by_line(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) > 50
    assert lines[1] == ' "kind": "infranaut-reference",'


def test_smoothed_ratios_by_hand() -> None:
    np.testing.assert_allclose(smoothed_ratios(np.array([0, 3, 7])), [0.5 / 11.5, 3.5 / 11.5, 7.5 / 11.5], rtol=1e-15)


def test_names_of_bins_sort_as_text_in_their_order() -> None:
    assert quantile_bin_names(12) == tuple(sorted(quantile_bin_names(12)))
    assert quantile_bin_names(12)[-1] == "q11"
