"""Queries of counters that a person wrote, turned into the growth of those counters over a window of ours.

A query is parsed and put together again from its tree (promql-parser); text is never searched. It may sum counters and
rates of them; anything else would not add up over replicas and windows.
"""

from __future__ import annotations

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    Matcher,
    MatchOp,
    MatrixSelector,
    StringLiteral,
    SubqueryExpr,
    VectorSelector,
)

from exporter.monitor.promql import refused_regex
from exporter.monitor.promql_literal import literal

WINDOW_PLACEHOLDERS = ("{{.window}}", "{{ .window }}")
"""What may stand for the window of a range, as in sloth."""

_ADDITIVE_FUNCTIONS = frozenset({"rate", "increase", "vector"})
_ADDITIVE_OPERATORS = frozenset({"+", "-", "or", "unless", "and"})
_OPERATORS = ((MatchOp.Equal, "="), (MatchOp.NotEqual, "!="), (MatchOp.Re, "=~"), (MatchOp.NotRe, "!~"))


def increase_of(query: str, window: str) -> str:
    """One series: how much the query's counters grew in the window; ValueError in words where that cannot be told.

    A counter (`sum(requests_total)`) is read as its increase, `rate` and `increase` over any range as the increase over
    the window.
    """
    tree = _parse(query)
    nodes = _nodes(tree)
    for objection in filter(None, map(_objection, nodes)):
        raise ValueError(objection)
    ranges = [node for node in nodes if isinstance(node, MatrixSelector)]
    selectors = [node for node in nodes if isinstance(node, VectorSelector)]
    if not selectors:
        raise ValueError("reads no series, expected counters")
    if ranges and len(ranges) != len(selectors):
        raise ValueError("reads a counter without a range beside one with a range, expected rate(...[5m]) of each")
    if nodes[0] in ranges:
        raise ValueError("is a range, expected rate() or increase() of it")
    rewritten = _rewritten(tree, window, has_ranges=bool(ranges))
    is_one_series = isinstance(tree, AggregateExpr) and tree.modifier is None
    return rewritten if is_one_series else f"sum({rewritten})"


def _parse(query: str) -> Expr:
    for placeholder in WINDOW_PLACEHOLDERS:
        query = query.replace(placeholder, "5m")
    try:
        tree = promql_parser.parse(query)
    except ValueError as error:
        raise ValueError(f"is not PromQL: {error}") from error
    if mistake := refused_regex(tree):
        raise ValueError(f"is not PromQL: {mistake}")
    return tree


def _nodes(tree: Expr) -> list[Expr]:
    found: list[Expr] = []

    def keep(node: Expr) -> bool:
        found.append(node)
        return True

    promql_parser.walk(tree, keep)
    return found


def _objection(node: Expr) -> str | None:
    """Why a node of the tree cannot be part of a sum of counters."""
    match node:
        case AggregateExpr() if str(node.op) != "sum":
            return f"{node.op} does not add up over replicas and windows, expected sum"
        case BinaryExpr() if str(node.op) not in _ADDITIVE_OPERATORS:
            return f"the operator {node.op} does not add up, expected counters: good or bad, and total, apart"
        case Call() if node.func.name not in _ADDITIVE_FUNCTIONS:
            return f"{node.func.name}() is not supported, expected counters, or rate() or increase() of them"
        case SubqueryExpr() | StringLiteral():
            return "a subquery or a text is not supported, expected counters, or rate() or increase() of them"
        case VectorSelector() if node.offset or node.at or node.matchers.or_matchers:
            return "offset, @ and or between matchers are not supported, expected plain counters"
    return None


def _rewritten(tree: Expr, window: str, *, has_ranges: bool) -> str:
    """The tree as text; selectors stand in it as tokens until the end, since the parser prints them without escapes."""
    selectors: dict[str, str] = {}

    def token_of(selector: VectorSelector) -> str:
        token = f"infranaut_selector_{len(selectors)}_"
        selectors[token] = _selector_text(selector)
        return token

    def rewrite(node: Expr) -> Expr | None:
        if isinstance(node, MatrixSelector):
            return promql_parser.parse(f"{token_of(node.vector_selector)}[{window}]")
        if isinstance(node, Call) and node.func.name == "rate":
            return promql_parser.parse(f"increase({node.args[0]})")
        if isinstance(node, VectorSelector) and not has_ranges:
            return promql_parser.parse(f"increase({token_of(node)}[{window}])")
        return None

    text = str(promql_parser.transform(tree, None, rewrite))
    for token, selector in selectors.items():
        text = text.replace(f"{token}{{}}", selector)
    return text


def _selector_text(selector: VectorSelector) -> str:
    matchers = ",".join(map(_matcher_text, selector.matchers.matchers))
    return f"{selector.name or ''}{{{matchers}}}" if matchers else str(selector.name)


def _matcher_text(matcher: Matcher) -> str:
    operator = next(sign for known, sign in _OPERATORS if matcher.op == known)
    return f"{matcher.name}{operator}{literal(matcher.value)}"
