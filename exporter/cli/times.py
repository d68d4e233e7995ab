"""Times as commands read and print them."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from exporter.clock import SystemClock
from exporter.monitor.duration import parse_duration_s


class Moment(click.ParamType[float]):
    """`2026-03-01`, `2026-03-01T12:00`, with Z or an offset; UTC where it has none; or how long ago: `7d`, `12h`."""

    name = "time"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds since the epoch."""
        if not isinstance(value, str):
            return value
        try:
            return SystemClock().now() - parse_duration_s(value)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write 2026-03-01, 2026-03-01T12:00Z, or 7d for 7 days ago", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def utc(seconds: float) -> str:
    """A time as commands print it: `2026-03-01T12:00Z`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%MZ}"
