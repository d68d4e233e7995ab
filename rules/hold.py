"""How long a condition must last before it alerts (`for`)."""

from __future__ import annotations

from exporter.monitor.duration import Duration, duration_text

_SHARE_OF_WINDOW = 10


def hold(asked: Duration | None, window: Duration) -> str:
    """What the monitor asks for; else a tenth of the window, in whole seconds and at least one."""
    if asked is not None:
        return str(asked)
    return duration_text(max(1, round(window.seconds / _SHARE_OF_WINDOW)))
