"""What became of all rows of a replay: counts, reasons and the first errors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from exporter.cli.replaying.sending import Kind, RowError, Taken

ERRORS_TOLD = 20

_TOO_OLD = "  old rows can be sent as if they happened now: --shift-to-now, with --speed 1x at their own pace"


@dataclass(slots=True)
class Tally:
    """Grows by every batch that a server answered."""

    rows: Counter[Kind] = field(default_factory=Counter)
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    errors: list[tuple[Kind, RowError]] = field(default_factory=list)
    is_interrupted: bool = False
    failure: str | None = None
    """Why the rest was not sent."""

    def add(self, kind: Kind, rows: int, taken: Taken) -> None:
        """Counts a batch; rows of errors are told by their place in the file."""
        before = self.rows[kind]
        self.rows[kind] += rows
        self.accepted += taken.accepted
        self.rejected += taken.rejected
        self.reasons.update(taken.reasons)
        for error in taken.errors[: ERRORS_TOLD - len(self.errors)]:
            self.errors.append((kind, RowError(before + error.row, error.reason, error.detail)))

    @property
    def sent(self) -> int:
        return self.rows.total()

    def as_document(self, monitor: str, seconds: float) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "monitor": monitor,
            "rows": dict(self.rows),
            "accepted": self.accepted,
            "rejected": self.rejected,
            "reasons": dict(self.reasons),
            "errors": [
                {"kind": kind, "row": error.row, "reason": error.reason, "detail": error.detail}
                for kind, error in self.errors
            ],
            "interrupted": self.is_interrupted,
            "failure": self.failure,
            "seconds": round(seconds, 3),
            "rows_a_second": round(self.sent / seconds) if seconds > 0 else 0,
        }

    def as_lines(self, seconds: float) -> list[str]:
        """The same for a person."""
        speed = f"{self.sent / seconds:,.0f} rows a second" if seconds > 0 else "at once"
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.most_common())
        why = f" ({reasons})" if reasons else ""
        end = "stopped by Ctrl-C: " if self.is_interrupted else ""
        told = [f"  {kind} row {error.row}: {error.reason}: {error.detail}" for kind, error in self.errors]
        more = self.rejected - len(self.errors)
        return [
            f"{end}accepted {self.accepted:,}, rejected {self.rejected:,}{why}; {seconds:.1f} s, {speed}",
            *told,
            *([f"  … and {more:,} more; the server keeps them as dead letters"] if self.errors and more > 0 else []),
            *([_TOO_OLD] if "too_old" in self.reasons else []),
            *([self.failure] if self.failure else []),
        ]
