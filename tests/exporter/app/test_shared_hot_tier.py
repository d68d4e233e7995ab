"""What running exporters with one Redis share: the ids that they have taken, and a monitor's limit of records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.exporters import RunningExporter, an_exporter
from tests.support.load import MONITOR, predictions
from tests.support.monitor_files import write_monitor
from tests.support.polling import wait_until
from tests.support.redis import RunningRedis, redis_server

WITHIN_S = 30
LIMITED = "  limits: {records_per_second: 1000}\n"


@contextmanager
def two_exporters(folder: Path) -> Iterator[tuple[RunningRedis, RunningExporter, RunningExporter]]:
    """Each with a warm tier of its own, and a Redis that they share."""
    write_monitor(folder / "monitors", more=LIMITED)
    config = folder / "infranaut.yaml"
    with redis_server(folder / "redis") as redis:
        config.write_text(f"archive: {{hot: {{url: '{redis.url}', shared_duplicates: true}}}}\n")
        flags = ("--config", str(config))
        with (
            an_exporter(folder / "a", folder / "monitors", flags=flags) as first,
            an_exporter(folder / "b", folder / "monitors", flags=flags) as second,
        ):
            yield redis, first, second


def test_a_body_that_is_sent_to_another_exporter_again_counts_once_and_a_limit_is_one_bucket(tmp_path: Path) -> None:
    with two_exporters(tmp_path) as (redis, first, second), redis.client() as held:
        rows = predictions("again", 20)
        assert first.post_predictions(MONITOR, rows).json()["accepted"] == 20
        wait_until(lambda: held.keys(f"infranaut:predictions:{MONITOR}:*"), WITHIN_S, "the ids in Redis")
        again = second.post_predictions(MONITOR, [*rows, *predictions("new", 1)]).json()
        assert (again["accepted"], again["reasons"]) == (1, {"duplicate": 20})
        second.wait_for_value(1, "infranaut_predictions_total")
        wait_until(lambda: held.exists(f"infranaut:tokens:rate:{MONITOR}"), WITHIN_S, "the bucket in Redis")
        redis.kill()
        rows = predictions("without", 20)
        assert [each.post_predictions(MONITOR, rows).json()["accepted"] for each in (first, second)] == [20, 20]
