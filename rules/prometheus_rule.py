"""The rules as PrometheusRule objects, which the Prometheus operator of Kubernetes reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rules import names
from rules.group import RuleGroup
from rules.yaml_document import to_yaml

COMMAND = "infranaut generate operator"
LARGEST_OBJECT = 500_000
"""Bytes of groups in one object: the operator refuses rule files above half a ConfigMap, which is 524,288 bytes."""
_GENERAL = "exporter"
_OWN_LABELS = {"app.kubernetes.io/name": "infranaut"}


class GroupTooLarge(ValueError):
    """A group that fits into no object; it cannot be split, because its rules read each other in order."""


@dataclass(frozen=True, slots=True)
class ObjectMetadata:
    """labels: what the `ruleSelector` of a Prometheus object asks for; namespace: that of kubectl where empty."""

    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""


def render_objects(parts: Mapping[str, Sequence[RuleGroup]], metadata: ObjectMetadata) -> Mapping[str, str]:
    """The text of each file by its name: one object for each monitor, or several for one whose rules are many."""
    files = {}
    for part, groups in parts.items():
        for index, bucket in enumerate(_buckets(groups)):
            name = "-".join(("infranaut", part or _GENERAL, *([str(index + 1)] if index else [])))
            files[names.object_file(name)] = to_yaml(_document(name, bucket, metadata), COMMAND)
    return files


def _document(name: str, groups: Sequence[RuleGroup], metadata: ObjectMetadata) -> dict[str, object]:
    namespace = {"namespace": metadata.namespace} if metadata.namespace else {}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, **namespace, "labels": {**_OWN_LABELS, **metadata.labels}},
        "spec": {"groups": [group.as_document() for group in groups]},
    }


def _buckets(groups: Sequence[RuleGroup]) -> Iterator[list[RuleGroup]]:
    """Whole groups, in their order, as many as fit."""
    bucket: list[RuleGroup] = []
    filled = 0
    for group in groups:
        size = len(to_yaml([group.as_document()], COMMAND).encode())
        if size > LARGEST_OBJECT:
            raise GroupTooLarge(
                f"group {group.name} takes {size} bytes, more than the {LARGEST_OBJECT} of one PrometheusRule: "
                "record fewer measures or watch fewer windows in that monitor"
            )
        if filled + size > LARGEST_OBJECT:
            yield bucket
            bucket, filled = [], 0
        bucket.append(group)
        filled += size
    yield bucket
