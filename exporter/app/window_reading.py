"""Opens what the exposition process reads the latest windows from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exporter.archive.hot.opening import shared_hot_tier
from exporter.archive.latest_windows import LatestWindows
from exporter.archive.ledger import Ledger
from exporter.archive.opening import open_warm
from exporter.clock import Clock
from exporter.settings import ServeSettings


@contextmanager
def latest_windows(settings: ServeSettings, clock: Clock) -> Iterator[LatestWindows | None]:
    """None where nothing is archived. The warm tier is opened by each reading that needs it, in its own thread."""

    @contextmanager
    def open_ledger() -> Iterator[Ledger]:
        warm, ledger = open_warm(settings.archive.warm, settings.state, clock, is_read_only=True)
        try:
            yield ledger
        finally:
            warm.close()

    if settings.archive.ack == "none":
        yield None
        return
    with shared_hot_tier(settings.archive.hot, clock) as hot:
        yield LatestWindows(hot, open_ledger)
