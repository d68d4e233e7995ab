"""Groups of rules whose queries, those of annotations included, look only where a scope says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.names import JOB
from rules.query_scope import ScopeText, scoped_query, string_end
from rules.scope import RuleScope

_ACTION, _ACTION_END = "{{", "}}"
_OPENING = "⟪"
_Change = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ScopeTexts:
    """What a scope writes into an expression, into a query that `printf` formats, and into one inside quotes.

    opening: what the sign becomes that places open with, where a person wrote it.
    """

    query: ScopeText
    printf: ScopeText
    quoted: ScopeText
    cluster_matcher: str
    cluster_value: str
    opening: str = _OPENING


def scope_texts(scope: RuleScope) -> ScopeTexts:
    label = scope.cluster_label
    return ScopeTexts(
        query=_text(scope.selector, label),
        printf=_text(scope.selector.replace("%", "%%"), label),
        quoted=_text(scope.selector, label),
        cluster_matcher=f"{label}=%q," if label else "",
        cluster_value=f"$labels.{label} " if label else "",
    )


TEMPLATE = ScopeTexts(
    query=ScopeText("⟪selector,⟫", "⟪selector⟫", "⟪{selector}⟫", "⟪cluster, ⟫", "⟪cluster⟫"),
    printf=ScopeText("⟪printf selector,⟫", "⟪printf selector⟫", "⟪{printf selector}⟫", "⟪cluster, ⟫", "⟪cluster⟫"),
    quoted=ScopeText("⟪quoted selector,⟫", "⟪quoted selector⟫", "⟪{quoted selector}⟫", "⟪cluster, ⟫", "⟪cluster⟫"),
    cluster_matcher="⟪cluster=%q,⟫",
    cluster_value="⟪$labels.cluster ⟫",
    opening="⟪opening⟫",
)
"""Stands where any scope writes: `jsonnet/mixin.libsonnet` puts that of its `_config` there."""


def _text(selector: str, label: str) -> ScopeText:
    return ScopeText(
        matchers_before=f"{selector}," if selector else "",
        matchers=selector,
        braces=f"{{{selector}}}" if selector else "",
        label_before=f"{label}, " if label else "",
        label=label,
    )


def scoped_groups(groups: Sequence[RuleGroup], texts: ScopeTexts) -> list[RuleGroup]:
    """The groups with every expression, and every query of an annotation, looking only there."""

    def query(expr: str) -> str:
        return scoped_query(expr, texts.query)

    def template(text: str) -> str:
        return scoped_template(text, texts)

    return [_changed(group, query, template, texts) for group in groups]


def unscoped_groups(groups: Sequence[RuleGroup], texts: ScopeTexts) -> list[RuleGroup]:
    """The groups as they are; what looks like a place for a scope in them is none."""
    return [_changed(group, str, str, texts) for group in groups]


def _changed(group: RuleGroup, query: _Change, template: _Change, texts: ScopeTexts) -> RuleGroup:
    return replace(group, rules=tuple(_changed_rule(rule, query, template, texts.opening) for rule in group.rules))


def _changed_rule(
    rule: RecordingRule | AlertingRule, query: _Change, template: _Change, opening: str
) -> RecordingRule | AlertingRule:
    expr = query(rule.expr.replace(_OPENING, opening))
    if isinstance(rule, RecordingRule):
        return replace(rule, expr=expr)
    annotations = {name: template(text.replace(_OPENING, opening)) for name, text in rule.annotations.items()}
    return replace(rule, expr=expr, annotations=annotations)


def scoped_template(template: str, texts: ScopeTexts) -> str:
    """A Go template with the queries of its actions scoped: ``printf `…` values | query`` and `query "…"`."""
    parts = []
    position = 0
    while (start := template.find(_ACTION, position)) >= 0:
        start += len(_ACTION)
        end = _action_end(template, start)
        parts += [template[position:start], _scoped_action(template[start:end], texts)]
        position = end
    return "".join([*parts, template[position:]])


def _action_end(template: str, start: int) -> int:
    """Where an action ends: at the first braces outside of its strings, which may hold text of a person."""
    position = start
    while not template.startswith(_ACTION_END, position):
        position = string_end(template, position) if template[position] in '"`' else position + 1
    return position


def _scoped_action(action: str, texts: ScopeTexts) -> str:
    if "printf `" in action and "| query" in action:
        before, query, values = action.split("`")
        within = scoped_query(query.replace(f"{JOB}=%q", f"{texts.cluster_matcher}{JOB}=%q"), texts.printf)
        return f"{before}`{within}`{values.replace(f'$labels.{JOB}', f'{texts.cluster_value}$labels.{JOB}')}"
    if 'query "' in action:
        return _with_literal(action, lambda query: scoped_query(query, texts.quoted))
    return action


def _with_literal(action: str, change: _Change) -> str:
    """The action with its first string in quotes changed."""
    before, quote, rest = action.partition('"')
    query, length = json.JSONDecoder().raw_decode(quote + rest)
    return before + json.dumps(change(query), ensure_ascii=False) + (quote + rest)[length:]
