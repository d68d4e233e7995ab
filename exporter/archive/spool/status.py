"""What a spool tells of itself, for gauges and for `infranaut tiers status`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """One spool folder, as its writer sees it.

    size_bytes       : of its files; limit_bytes what they may take.
    durable_sequence : the last entry that is durable.
    queued_entries   : waiting for their flush.
    refusal          : why entries are refused; None: they are taken.
    """

    size_bytes: int
    limit_bytes: int
    durable_sequence: int
    queued_entries: int
    refusal: str | None
