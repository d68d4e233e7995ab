"""Series of traffic, latency, availability, freshness, and of processes."""

from __future__ import annotations

from rules.names.windows import RATE_WINDOW, TRAFFIC_WINDOW


def predictions_increase(window: str) -> str:
    """Predictions in the window."""
    return f"model:infranaut_predictions:increase{window}"


def predictions_rate() -> str:
    """Predictions a second."""
    return f"model:infranaut_predictions:rate{RATE_WINDOW}"


def volume() -> str:
    """Predictions of a monitor in the last hour, all versions and segments together."""
    return f"monitor:infranaut_predictions:increase{TRAFFIC_WINDOW}"


def weekly_volume() -> str:
    """The same, as many weeks ago as the label `week` says."""
    return f"monitor_week:infranaut_predictions:increase{TRAFFIC_WINDOW}"


def usual_volume() -> str:
    """The median of those weeks."""
    return f"monitor:infranaut_predictions:usual{TRAFFIC_WINDOW}"


def volume_zscore() -> str:
    """How far the volume is from the usual, in standard deviations."""
    return f"monitor:infranaut_predictions:zscore{TRAFFIC_WINDOW}"


def prediction_errors_rate() -> str:
    """Failed predictions a second."""
    return f"model:infranaut_prediction_errors:rate{RATE_WINDOW}"


def availability() -> str:
    """Share of predictions that the model made without failing."""
    return f"model:infranaut_predictions:availability{RATE_WINDOW}"


def latency_bucket_rate() -> str:
    """Predictions in each bucket of latency (label `le`), a second."""
    return f"model_le:infranaut_prediction_latency_seconds_bucket:rate{RATE_WINDOW}"


def latency_quantile() -> str:
    """Latency in seconds, for each of `LATENCY_QUANTILES` (label `quantile`)."""
    return f"model:infranaut_prediction_latency_seconds:quantile{RATE_WINDOW}"


def latency_within_objective() -> str:
    """Share of predictions as fast as the latency objective asks; only for monitors that have one."""
    return f"model:infranaut_prediction_latency_seconds:within_objective_ratio{RATE_WINDOW}"


def last_prediction_age() -> str:
    """Seconds since the timestamp of the newest prediction."""
    return "model:infranaut_last_prediction_timestamp_seconds:age"


def lag_bucket_rate() -> str:
    """Events in each bucket of lag (label `le`), a second."""
    return f"monitor_le:infranaut_ingest_lag_seconds_bucket:rate{RATE_WINDOW}"


def lag_quantile() -> str:
    """Lag from a prediction's timestamp to its arrival in seconds, for each of `LATENCY_QUANTILES`."""
    return f"monitor:infranaut_ingest_lag_seconds:quantile{RATE_WINDOW}"


def lag_within_objective() -> str:
    """Share of events as young as the freshness objective asks; only for monitors that have one."""
    return f"monitor:infranaut_ingest_lag_seconds:within_objective_ratio{RATE_WINDOW}"


def process_cpu() -> str:
    """Processors that a process takes; without `monitor` an exporter's own."""
    return f"instance:process_cpu_seconds:rate{RATE_WINDOW}"


def process_memory() -> str:
    """Bytes that it has in memory."""
    return "instance:process_resident_memory_bytes:last"


def process_open_files() -> str:
    """Share of its file descriptors that are open."""
    return "instance:process_open_fds:ratio"
