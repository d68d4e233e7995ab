"""Queries, each of which is heavy on one kind of work: what `infranaut plan` reckons with is measured by them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.group import RecordingRule, RuleGroup

_X = "infranaut_feature_bin_total"
_PROBES: Mapping[str, tuple[str, int]] = {
    "nothing": ("vector(1)", 200),
    "an hour": (f"sum(increase({_X}[1h]))", 10),
    "a minute": (f"sum(increase({_X}[1m]))", 20),
    "grouped": (f"sum(sum without (instance, pod) (sum without (instance) ({_X})))", 20),
    "reduced": (f"sum without (bin) (sum without (instance, pod) ({_X}))", 20),
    "mapped": (f"sum(ln(abs(abs(abs(abs({_X}))))))", 20),
    "matched": (f"sum({_X} + {_X} + {_X})", 10),
    "joined": (f"sum({_X} / ignoring (bin) group_left () sum without (bin) ({_X}))", 10),
    "recorded": (f"{_X} * 2", 10),
    "pooled": (f"sum without (instance, pod) (increase({_X}[1h]))", 5),
}
"""Each query, and how many rules of it are evaluated at once."""


def probes() -> list[RuleGroup]:
    """A group of rules for each query."""
    return [_copies(name, query, copies) for name, (query, copies) in _PROBES.items()]


def yardstick() -> RuleGroup:
    """Every query once: what it takes tells how fast a machine is just now."""
    return RuleGroup("yardstick", tuple(probe.rules[0] for probe in probes()))


def _copies(name: str, query: str, copies: int) -> RuleGroup:
    rules = (RecordingRule(f"probe:{name.replace(' ', '_')}:{number}", query) for number in range(copies))
    return RuleGroup(f"probe-{name}", tuple(rules))
