"""How long a condition must last before it alerts (`for`)."""

from __future__ import annotations

from exporter.monitor.duration import Duration

_SHARE_OF_WINDOW = 10
_UNITS_S = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def hold(asked: Duration | None, window: Duration) -> str:
    """What the monitor asks for; else a tenth of the window, in whole seconds and at least one."""
    if asked is not None:
        return str(asked)
    return _as_duration(max(1, round(window.seconds / _SHARE_OF_WINDOW)))


def _as_duration(seconds: int) -> str:
    parts = []
    for unit, unit_s in _UNITS_S:
        count, seconds = divmod(seconds, unit_s)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts)
