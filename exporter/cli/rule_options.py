"""The options of a command that say where alerts link to, where rules look, and how they reach Kubernetes or Mimir."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from rules.links import DEFAULT_GRAFANA, DEFAULT_RUNBOOKS, Links
from rules.prometheus_rule import ObjectMetadata
from rules.scope import RuleScope

SELECTED_KINDS = ("rules", "operator", "mimir")
CLUSTERED_KINDS = (*SELECTED_KINDS, "alertmanager", "all")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What the options come to."""

    links: Links
    scope: RuleScope
    metadata: ObjectMetadata


def rule_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options to a command and passes it what they come to as `settings`."""

    @click.option("--grafana-url", default=DEFAULT_GRAFANA, show_default=True, help="What dashboard_url starts with.")
    @click.option("--runbooks-url", default=DEFAULT_RUNBOOKS, show_default=True, help="What runbook_url starts with.")
    @click.option("--selector", default="", help="rules, operator, mimir: more matchers, such as 'job=~\"ml.*\"'.")
    @click.option(
        "--cluster-label", default="", help=f"{', '.join(CLUSTERED_KINDS)}: the label that tells clusters apart."
    )
    @click.option("--rule-label", "labels", multiple=True, help="operator: a label of the objects, as key=value.")
    @click.option("--namespace", default="", help="operator: of the objects; mimir: what namespaces start with.")
    @wraps(command)
    def with_settings(
        *,
        grafana_url: str,
        runbooks_url: str,
        selector: str,
        cluster_label: str,
        labels: tuple[str, ...],
        namespace: str,
        **others: Any,
    ) -> None:
        _check_fits("--selector", selector, others["kind"], SELECTED_KINDS)
        _check_fits("--cluster-label", cluster_label, others["kind"], CLUSTERED_KINDS)
        links = Links(runbooks=runbooks_url.rstrip("/"), grafana=grafana_url.rstrip("/"))
        metadata = ObjectMetadata(dict(_pair(label) for label in labels), namespace)
        command(**others, settings=RuleSettings(links, _scope(selector, cluster_label), metadata))

    return with_settings


def _check_fits(option: str, value: str, kind: str, kinds: Sequence[str]) -> None:
    if value and kind not in kinds:
        raise click.UsageError(f"{option} is for {', '.join(kinds)}, not for {kind}")


def _scope(selector: str, cluster_label: str) -> RuleScope:
    try:
        return RuleScope.parse(selector, cluster_label)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--selector, --cluster-label") from error


def _pair(label: str) -> tuple[str, str]:
    key, equals, value = label.partition("=")
    if not key or not equals:
        raise click.BadParameter(f"{label!r}, expected key=value such as prometheus=k8s", param_hint="--rule-label")
    return key, value
