"""Tests of promtool: a signal in every situation, and which of them fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from exporter.monitor.duration import Duration
from rules.group import AlertingRule
from rules.promql import equals
from rules.scenario.signal import Signal
from rules.scenario.situations import Situation, input_series, situations_of
from rules.scenario.timeline import Timeline, early_end, step_of, timeline

_AT_ONCE = "0s"


def promtool_tests(rules: Sequence[AlertingRule], signals: Sequence[Signal]) -> list[Mapping[str, object]]:
    """The tests as YAML has them; signals of the same series are played once, for as long as the last is held.

    Situations that no label tells apart are tests of their own.
    """
    played_alike: dict[object, list[Signal]] = {}
    for signal in signals:
        played_alike.setdefault(_key(signal), []).append(signal)
    return [_test(rules, alike, situations) for alike in played_alike.values() for situations in _told_apart(alike[0])]


def _key(signal: Signal) -> object:
    series = _input_series(signal, situations_of(signal), timeline(signal, held_s=0))
    return step_of(signal), tuple((each["series"], each["values"]) for each in series)


def _told_apart(signal: Signal) -> list[list[Situation]]:
    situations = situations_of(signal)
    return [situations] if signal.situated else [[each] for each in situations]


def _test(
    rules: Sequence[AlertingRule], signals: Sequence[Signal], situations: Sequence[Situation]
) -> Mapping[str, object]:
    held_s = [_held_s(rules, signal) for signal in signals]
    passing = timeline(signals[0], max(held_s))
    return {
        "interval": str(passing.step),
        "name": "; ".join(map(_title, signals)) + ("" if signals[0].situated else f": {situations[0].name}"),
        "input_series": _input_series(signals[0], situations, passing),
        "promql_expr_test": [
            expectation
            for signal, held in zip(signals, held_s, strict=True)
            for expectation in _expectations(signal, situations, passing, held)
        ],
    }


def _title(signal: Signal) -> str:
    labels = "".join(f", {label} {value}" for label, value in signal.own.items())
    return f"{signal.alert}{labels}" if signal.fires else f"no {signal.alert}{labels}"


def _input_series(signal: Signal, situations: Sequence[Situation], passing: Timeline) -> list[dict[str, str]]:
    return [series for situation in situations for series in input_series(signal, situation, passing)]


def is_rule_of(signal: Signal, rule: AlertingRule) -> bool:
    """Whether the rule is the one that the signal is for; labels that it takes from its series do not tell."""
    return rule.alert == signal.alert and all(
        rule.labels.get(label, text) == text for label, text in signal.own.items()
    )


def _held_s(rules: Sequence[AlertingRule], signal: Signal) -> float:
    """How long the alert waits; a louder copy waits longer."""
    holds = [rule.hold for rule in rules if is_rule_of(signal, rule)]
    return 0.0 if _AT_ONCE in holds else min(Duration(hold).seconds for hold in holds)


def _expectations(
    signal: Signal, situations: Sequence[Situation], passing: Timeline, held_s: float
) -> Iterator[Mapping[str, object]]:
    """In the end each unsound situation fires once, for what is wrong; until then nothing else, and nothing at once."""
    firing = f"ALERTS{_braces({'alertname': signal.alert, 'alertstate': 'firing', **signal.own})}"
    early = early_end(signal, passing, held_s)
    if early is not None and signal.fires:
        yield {"expr": f"last_over_time({firing}[{early}])", "eval_time": str(early), "exp_samples": []}
    apart = (signal.situated,) if signal.situated else ()
    by_found = f"group by ({', '.join(('alertname', *apart, *signal.found))})"
    samples = [
        {
            "labels": _braces({"alertname": signal.alert, **dict.fromkeys(apart, situation.name), **signal.found}),
            "value": 1,
        }
        for situation in situations
        if signal.fires and situation.is_firing
    ]
    for vector in (firing, f"last_over_time({firing}[{passing.end}])"):
        yield {"expr": f"{by_found} ({vector})", "eval_time": str(passing.end), "exp_samples": samples}


def _braces(labels: Mapping[str, str]) -> str:
    return f"{{{','.join(equals(label, value) for label, value in labels.items())}}}"
