from pathlib import Path

from exporter.cli.demo.monitor_file import write_monitor
from exporter.cli.demo.services import Addresses
from exporter.cli.demo.watch import Observation, WatchedFeature, Watcher
from tests.support.demonstrations import a_scenario
from tests.support.ports import free_port


def test_recorded_drift_goes_before_the_exporters_own() -> None:
    features = tuple(WatchedFeature(name, 900, {"psi": psi}, 1.0, False) for name, psi in (("b", 0.2), ("a", 0.1)))
    unmeasured = WatchedFeature("c", 0, {"psi": None}, None, False)
    assert Observation((*features, unmeasured), recorded_psi={"b": 0.3}).drift() == {"a": 0.1, "b": 0.3}


def test_a_service_that_does_not_answer_leaves_the_last_look(tmp_path: Path) -> None:
    monitor = write_monitor(a_scenario(), tmp_path, "http://127.0.0.1:1/", 300, 1_750_000_000.0).loaded.monitor
    nobody = f"http://127.0.0.1:{free_port()}"
    watcher = Watcher(Addresses(nobody, nobody, nobody, nobody), monitor)
    assert watcher.observe() == Observation()
    watcher.close()
