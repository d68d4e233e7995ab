"""The benchmarks run at all, in tiny sizes; what they measure there means nothing, and no figure is asserted."""

from __future__ import annotations

import math
import socket
import sys
import threading
from pathlib import Path

import pytest

from rules.cost import coefficients
from tests.bench import (
    bench_archive_ingest,
    bench_cold,
    bench_embedded_warm,
    bench_hot,
    bench_ingest,
    bench_landing,
    bench_memory,
    bench_pipeline,
    bench_plan_storage,
    bench_processes,
    bench_profiles,
    bench_slo_sums,
    bench_soak,
    bench_spool,
)
from tests.bench.bench_archive_ingest import ArchiveIngestSizes
from tests.bench.bench_cold import ColdSizes
from tests.bench.bench_embedded_warm import WarmSizes
from tests.bench.bench_hot import HotSizes
from tests.bench.bench_ingest import IngestSizes
from tests.bench.bench_landing import LandingSizes
from tests.bench.bench_memory import MemorySizes
from tests.bench.bench_pipeline import PipelineSizes
from tests.bench.bench_plan_storage import StorageSizes
from tests.bench.bench_processes import ProcessSizes
from tests.bench.bench_profiles import ProfileSizes
from tests.bench.bench_slo_sums import SloSumSizes
from tests.bench.bench_soak import SoakSizes, growth_percent
from tests.bench.bench_spool import SpoolSizes
from tests.bench.harness import BenchRow
from tests.bench.peers import PeerProcess, PeerUnavailable
from tests.bench.serving import CLIENT
from tests.bench.workload import ARROW, NDJSON, a_workload, stamp
from tests.support.programs import require


def figures(rows: list[BenchRow]) -> dict[str, float]:
    assert all(math.isfinite(row.ours) for row in rows)
    return {row.name: row.ours for row in rows}


def test_events_are_sent_over_http_in_every_way() -> None:
    found = figures(bench_ingest.run(IngestSizes(rows=20, batches=2, singles=5, connections=2, rounds=1)))
    assert [name for name in found if "clock" not in name] == list(bench_ingest.GOALS)


def test_the_pipeline_is_timed_by_stages_and_with_every_safety() -> None:
    found = figures(bench_pipeline.run(PipelineSizes(rows=200, batches=1, rounds=1, has_peers=False)))
    assert {"NDJSON", "Arrow, SQL", "NDJSON, rejects", "NDJSON: decode", "Arrow: count"} <= set(found)
    assert sum(share for name, share in found.items() if name.startswith("NDJSON: ")) == pytest.approx(100)


def test_one_process_is_measured_against_two() -> None:
    assert len(figures(bench_processes.run(ProcessSizes(rows=20, batches=2, connections=2, rounds=1)))) == 4


def test_requests_that_are_kept_are_measured_against_those_that_are_not() -> None:
    tiny = ArchiveIngestSizes(2, 20, singles=5, small=2, large=2, connections=2, rounds=1, latency_s=0.2)
    found = figures(bench_archive_ingest.run(tiny))
    assert {"single posts, by the clock", "20 rows of Arrow, by CPU", "acknowledgement, p99"} <= set(found)


def test_memory_is_followed_while_rows_are_archived() -> None:
    sizes = SoakSizes(seconds=2, warm_up_s=1, interval_s=0.5, rows=20, bodies_a_second=20)
    assert list(figures(bench_soak.run(sizes))) == ["growth", "memory", "peak"]


def test_growth_is_that_of_the_last_third_over_the_first() -> None:
    assert growth_percent([100, 100, 500, 100, 100, 90, 110, 150, 110, 110]) == pytest.approx(10)


def test_cold_files_are_measured_against_plain_ones() -> None:
    found = figures(bench_cold.run(ColdSizes(entries=2, entry_rows=50, rounds=1)))
    assert list(found) == ["write", "write, columns sealed", "read, proven", "digest of rows"]


def test_the_embedded_warm_tier_is_measured_against_its_rivals() -> None:
    found = figures(
        bench_embedded_warm.run(WarmSizes(rows=50, entries=2, landings=1, rounds=1, finds=2, grown_rows=500))
    )
    assert found["another process: ours"] == 1
    assert found["another process: DuckDB"] == 0


def test_the_hot_tier_is_measured_against_a_key_and_a_field_for_each_row() -> None:
    require("redis-server")
    found = figures(bench_hot.run(HotSizes(rows=400, batch=100, asked=50, rounds=1)))
    assert {"put, a key a row", "find in memory", "a row, a field each"} <= set(found)


def test_landing_is_measured_against_a_plain_copy() -> None:
    found = figures(bench_landing.run(LandingSizes(entries=2, entry_rows=2_000, rounds=1)))
    assert {"landing", "landing labels", "reading"} <= set(found)


def test_profiles_are_measured_whole_and_in_parts() -> None:
    found = figures(bench_profiles.run(ProfileSizes(rows=200, batches=2, rounds=1, has_peer=False)))
    assert {"profile of 20 features", "quantile sketch", "two profiles merged"} <= set(found)


def test_memory_is_measured_with_and_without_the_table_of_ids() -> None:
    found = figures(bench_memory.run(MemorySizes(monitors=1, batches=1, rows=50)))
    assert list(found) == ["memory", "table of ids", "an id"]


def test_memory_and_disk_of_a_prometheus_are_measured_beside_the_plan() -> None:
    rows = bench_plan_storage.run(StorageSizes(head_series=100, scrapes=1, block_series=14, hours=2))
    assert list(figures(rows)) == ["memory", "disk, exposed", "disk, recorded"]
    assert rows[0].peer == coefficients().head_bytes_a_series


def test_sums_of_an_objective_are_measured_for_each_window() -> None:
    assert list(figures(bench_slo_sums.run(SloSumSizes(("1h", "3d"), 0.01)))) == ["sums over 1h", "sums over 3d"]


def test_the_spool_is_timed_against_no_durability() -> None:
    found = figures(bench_spool.run(SpoolSizes(small_entries=200, large_entries=2, requests=200, rounds=1)))
    assert {"entries of 1.5 kB", "entries of 800 kB", "requests of one event", "wait for an answer, p99"} <= set(found)


@pytest.mark.parametrize("media_type", [NDJSON, ARROW])
def test_a_stamp_changes_the_ids_of_a_body_and_nothing_else(tmp_path: Path, media_type: str) -> None:
    body = a_workload(tmp_path, 30).body(media_type)
    first, second = stamp(body, 1), stamp(body, 2)
    assert len(first) == len(second) == len(body)
    assert first.count(b"00000001-") == 30
    assert first.replace(b"00000001-", b"00000002-") == second


def test_a_sender_ends_with_the_answer_that_was_not_an_acceptance(tmp_path: Path) -> None:
    answer = b'HTTP/1.1 400 Bad Request\r\ncontent-length: 14\r\n\r\n{"rejected":1}'
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_once, args=(listener, answer), daemon=True).start()
        body = tmp_path / "body"
        body.write_bytes(b"tag00000")
        job = {"host": "127.0.0.1", "port": listener.getsockname()[1], "path": "/", "media_type": NDJSON}
        job |= {"body": str(body), "tag": "tag00000", "first": 0, "requests": 1, "connections": 1, "rate": 0}
        refused = pytest.raises(PeerUnavailable, match=r"\{\"rejected\":1\}")
        with PeerProcess(Path(sys.executable), CLIENT, job, tmp_path / "stderr") as client, refused:
            client()


def test_the_workload_has_the_features_that_its_figures_are_for(tmp_path: Path) -> None:
    monitor = a_workload(tmp_path, 1).monitor
    kinds = [feature.type for feature in monitor.spec.features.values()]
    assert (kinds.count("number"), kinds.count("category")) == (16, 4)
    assert monitor.spec.labels is not None


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(answer)
