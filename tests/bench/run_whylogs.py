"""Rounds of whylogs over the rows of a Parquet file; run by `tests.bench.peers` in whylogs' own environment."""

import json
import sys
import time
from pathlib import Path

import pandas as pd
import whylogs


def main() -> None:
    job = json.loads(sys.stdin.readline())
    frame = pd.read_parquet(job["rows"])
    lines = Path(job["lines"]).read_bytes() if "lines" in job else b""
    for _ in sys.stdin:
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        if lines:
            frame = pd.DataFrame([json.loads(line) for line in lines.splitlines()])[frame.columns]
        whylogs.log(pandas=frame)
        taken = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s, "rows": len(frame)}
        print(json.dumps(taken), flush=True)


main()
