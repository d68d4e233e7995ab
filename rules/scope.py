"""Where the rules look: more matchers for every series, and the label that tells clusters apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.monitor.promql_literal import literal
from exporter.monitor.regular_expression import regex_mistake
from rules.dependencies import Selector, selectors
from rules.names import REPLICA_LABELS

_BREAKS_TEMPLATES = ("`", "{{", "}}")
_BY_PATTERN = ("=~", "!~")
_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class RuleScope:
    """selector: matchers as PromQL has them, such as `job=~"infranaut.*"`; cluster_label: such as `cluster`.

    Both may be empty. With a cluster label, series are joined within their cluster only, and every alert tells it.
    """

    selector: str = ""
    cluster_label: str = ""

    @classmethod
    def parse(cls, selector: str = "", cluster_label: str = "") -> RuleScope:
        """From what a person wrote; ValueError says what is wrong with it."""
        if cluster_label and not _LABEL.fullmatch(cluster_label):
            raise ValueError(f"{cluster_label!r} is not a label, expected a name such as cluster")
        return cls(",".join(_matchers(selector)) if selector else "", cluster_label)


def _matchers(selector: str) -> Iterator[str]:
    for label, operator, value in _parsed(selector).matchers:
        if label in REPLICA_LABELS:
            raise ValueError(f"{label} is not a label of recorded series, expected one that all replicas share")
        if any(text in value for text in _BREAKS_TEMPLATES):
            raise ValueError(f"{value!r} holds one of {', '.join(_BREAKS_TEMPLATES)}, which a selector cannot have")
        if operator in _BY_PATTERN and (mistake := regex_mistake(value)):
            raise ValueError(f"the regular expression {value!r} is none of Prometheus: {mistake}")
        yield f"{label}{operator}{literal(value)}"


def _parsed(selector: str) -> Selector:
    expected = 'such as job=~"infranaut.*"'
    try:
        found = selectors(f"infranaut{{{selector}}}")
    except ValueError as error:
        raise ValueError(f"{selector!r} is not a selector ({error}), expected one {expected}") from error
    if len(found) != 1:
        raise ValueError(f"{selector!r} is a query, expected matchers of one selector {expected}")
    return found[0]
