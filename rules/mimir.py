"""The rules as namespaces of Mimir's and Cortex's ruler, which `mimirtool rules load` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules import names
from rules.group import RuleGroup
from rules.yaml_document import to_yaml

COMMAND = "infranaut generate mimir"
DEFAULT_RULES_A_GROUP = 20
DEFAULT_GROUPS = 70
"""What Mimir allows a tenant before its limits are raised."""


def render_namespaces(parts: Mapping[str, Sequence[RuleGroup]], prefix: str = "infranaut") -> Mapping[str, str]:
    """The text of each file by its name: a namespace of its own for each monitor."""
    return {
        names.rule_file(part) if part else names.GENERAL_RULE_FILE: to_yaml(
            {
                "namespace": f"{prefix}-{part}" if part else prefix,
                "groups": [group.as_document() for group in groups],
            },
            COMMAND,
        )
        for part, groups in parts.items()
    }


def limits_to_raise(parts: Mapping[str, Sequence[RuleGroup]]) -> Mapping[str, int]:
    """The limits of Mimir's tenant that these rules break by default, and what they need at least.

    A group is never split: its rules read each other in order, and Mimir evaluates groups each for itself.
    """
    groups = [group for of_part in parts.values() for group in of_part]
    needed = {
        "ruler_max_rules_per_rule_group": max((len(group.rules) for group in groups), default=0),
        "ruler_max_rule_groups_per_tenant": len(groups),
    }
    defaults = (DEFAULT_RULES_A_GROUP, DEFAULT_GROUPS)
    return {limit: least for (limit, least), default in zip(needed.items(), defaults, strict=True) if least > default}
