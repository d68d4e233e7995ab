import numpy as np

from exporter.cli.demo.built_in import NEW_SCANNER, SIZES, built_in_scenario, load_biopsies
from exporter.cli.demo.model import performance_on


def test_the_biopsies_are_569_with_five_numbers_and_a_derived_size() -> None:
    rows = load_biopsies()
    assert len(rows) == 569
    assert len(rows.columns) == 6
    assert set(rows.columns["size"]) == set(SIZES)
    assert (rows.labels == "malignant").sum() == 212


def test_the_stream_shows_only_rows_that_the_model_never_saw() -> None:
    scenario = built_in_scenario(np.random.default_rng(7))
    seen_by_reference = set(scenario.reference.columns["mean_texture"].tolist())
    streamed = scenario.source.next_rows(5000)
    assert len(seen_by_reference) <= 285
    assert set(streamed.columns["mean_texture"].tolist()) <= seen_by_reference


def test_the_model_is_good_before_the_fault_and_bad_after_it() -> None:
    scenario = built_in_scenario(np.random.default_rng(7))
    streamed = scenario.source.next_rows(3000)
    assert scenario.baseline > 0.9
    assert performance_on(scenario.model, streamed) > 0.9
    assert performance_on(scenario.model, NEW_SCANNER.apply(streamed)) < 0.75
