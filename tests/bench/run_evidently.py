"""Rounds of evidently's drift preset over the rows of a Parquet file; run by `tests.bench.peers` in its environment."""

import json
import sys
import time

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def main() -> None:
    job = json.loads(sys.stdin.readline())
    frame, reference = pd.read_parquet(job["rows"]), pd.read_parquet(job["reference"])
    definition = DataDefinition(numerical_columns=job["numbers"], categorical_columns=job["categories"])
    for _ in sys.stdin:
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        current = Dataset.from_pandas(frame, data_definition=definition)
        before = Dataset.from_pandas(reference, data_definition=definition)
        Report([DataDriftPreset()]).run(current, before).dict()
        taken = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s, "rows": len(frame)}
        print(json.dumps(taken), flush=True)


main()
