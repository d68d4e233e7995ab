"""Keys of a monitor set otherwise, and what happens where that is not possible."""

from __future__ import annotations

import pytest

from exporter.cli.backtesting.variants import Setting, parse_setting, parse_sweep, with_settings
from exporter.errors import InvalidMonitors, InvalidSettings
from exporter.monitor.load import LoadedMonitor, load_monitors
from tests.support.golden_monitors import GOLDEN

PATH = GOLDEN / "monitors" / "credit-default.yaml"


def loaded() -> LoadedMonitor:
    [monitor] = load_monitors([PATH]).monitors
    return monitor


def changed(*texts: str) -> LoadedMonitor:
    return with_settings(loaded(), [parse_setting("--set", text) for text in texts])


def test_keys_at_any_depth_are_set() -> None:
    monitor = changed("drift.threshold=0.3", "spec.slos.0.objective=0.95", "features.age.max=90", "drift.window=[2h]")
    spec = monitor.monitor.spec
    assert (spec.drift.threshold, spec.slos[0].objective, list(spec.drift.window)) == (0.3, 0.95, ["2h"])
    assert monitor.path == PATH
    assert monitor.sha256 != loaded().sha256


def test_nothing_set_leaves_the_monitor_as_it_is() -> None:
    assert with_settings(loaded(), []) == loaded()


def test_a_section_that_the_file_does_not_have_is_made() -> None:
    assert changed("quality.maximum_invalid_ratio=0.5").monitor.spec.quality.maximum_invalid_ratio == 0.5


def test_a_sweep_is_a_setting_for_each_value() -> None:
    assert parse_sweep("drift.threshold=0.05, 0.1") == [
        Setting("drift.threshold", "0.05"),
        Setting("drift.threshold", "0.1"),
    ]


@pytest.mark.parametrize("text", ["drift.threshold", "=3", "drift.threshold=", "drift.threshold=[1"])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match="--set"):
        parse_setting("--set", text)


def test_a_key_that_no_monitor_has_is_named_with_the_setting() -> None:
    with pytest.raises(InvalidMonitors, match=r"--set drift\.treshold=1: spec\.drift\.treshold.*threshold"):
        changed("drift.treshold=1")


def test_a_mistake_of_a_sweep_is_told_as_one() -> None:
    with pytest.raises(InvalidMonitors, match=r"^--sweep drift\.treshold=1: "):
        with_settings(loaded(), parse_sweep("drift.treshold=1,2")[:1])


def test_an_item_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidSettings, match="'9' is no item of the list, expected a number below 3"):
        changed("slos.9.objective=0.5")


def test_nothing_can_be_set_below_a_number() -> None:
    with pytest.raises(InvalidSettings, match=r"nothing can be set below 'drift\.threshold'"):
        changed("drift.threshold.more=1")
