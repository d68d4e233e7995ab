"""Who reads `/metrics`, and so for how long a new child's series stay at 0."""

from __future__ import annotations

from dataclasses import dataclass, field

ACTIVE_FOR_S = 120.0
PATIENCE_S = 60.0

_ANYBODY = "anybody"


@dataclass(slots=True)
class Arrival:
    """A child that is being shown at 0: since when, and who has seen it so."""

    since: float
    seen_by: set[str] = field(default_factory=set)


class Audience:
    """The readers of the last two minutes. Where a Prometheus scrapes, other readers (a person) do not count."""

    def __init__(self) -> None:
        self._seen_at: dict[str, float] = {}
        self._reader = _ANYBODY
        self._now = 0.0

    def enter(self, scraper: str | None, now: float) -> None:
        """To be called when a reading begins; `scraper` tells one Prometheus from another, None is any other reader."""
        self._reader, self._now = scraper or _ANYBODY, now
        if scraper:
            self._seen_at[scraper] = now
        self._seen_at = {name: at for name, at in self._seen_at.items() if now - at < ACTIVE_FOR_S}

    def arrival(self) -> Arrival:
        """A child that nobody has seen yet."""
        return Arrival(self._now)

    def has_seen(self, arrival: Arrival) -> bool:
        """Whether everybody who scrapes has seen it at 0, or a minute has passed; else this reader sees it so now."""
        awaited = set(self._seen_at) or {_ANYBODY}
        if awaited <= arrival.seen_by or self._now - arrival.since >= PATIENCE_S:
            return True
        arrival.seen_by.add(self._reader)
        return False
