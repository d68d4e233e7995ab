"""PrometheusRule objects: as the operator's definition wants them, with the rules of the plain files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from rules import prometheus_rule, render
from rules.group import RecordingRule, RuleGroup
from rules.links import Links
from rules.prometheus_rule import LARGEST_OBJECT, GroupTooLarge, ObjectMetadata, render_objects
from rules.rendering import groups_by_part
from rules.scope import RuleScope
from rules.scoped_groups import scope_texts
from tests.support.golden_monitors import golden_monitors

SCHEMA = Draft202012Validator(json.loads(Path(__file__).with_name("prometheusrule.schema.json").read_text()))
METADATA = ObjectMetadata({"prometheus": "k8s", "role": "alert-rules"}, "monitoring")


def test_every_object_is_what_the_operators_definition_wants() -> None:
    for text in objects(METADATA).values():
        SCHEMA.validate(yaml.safe_load(text))


def test_the_objects_hold_the_groups_of_the_plain_files() -> None:
    plain = [yaml.safe_load(text)["groups"] for text in render(golden_monitors()).values()]
    assert [yaml.safe_load(text)["spec"]["groups"] for text in objects(METADATA).values()] == plain


def test_names_labels_and_namespace_are_those_that_were_asked_for() -> None:
    files = objects(METADATA)
    assert list(files) == [f"infranaut-{name}.yaml" for name in ("bike-demand", "credit-default", "ticket-router")] + [
        "infranaut-exporter.yaml"
    ]
    document = yaml.safe_load(files["infranaut-bike-demand.yaml"])
    assert document["metadata"] == {
        "name": "infranaut-bike-demand",
        "namespace": "monitoring",
        "labels": {"app.kubernetes.io/name": "infranaut", "prometheus": "k8s", "role": "alert-rules"},
    }


def test_without_a_namespace_kubectl_decides() -> None:
    assert "namespace" not in yaml.safe_load(objects(ObjectMetadata())["infranaut-exporter.yaml"])["metadata"]


def test_a_header_names_the_command() -> None:
    assert all(f"`{prometheus_rule.COMMAND}`" in text.partition("\n")[0] for text in objects(METADATA).values())


def test_many_rules_become_several_objects_that_the_operator_takes() -> None:
    groups = [a_group(f"g{index}", LARGEST_OBJECT // 3) for index in range(5)]
    files = render_objects({"big": groups}, METADATA)
    documents = {name: yaml.safe_load(text) for name, text in files.items()}
    assert {name: [group["name"] for group in document["spec"]["groups"]] for name, document in documents.items()} == {
        "infranaut-big.yaml": ["g0", "g1"],
        "infranaut-big-2.yaml": ["g2", "g3"],
        "infranaut-big-3.yaml": ["g4"],
    }
    assert all(len(text.encode()) < 524_288 for text in files.values())


def test_a_group_that_fits_into_no_object_is_told() -> None:
    with pytest.raises(GroupTooLarge, match=r"group g takes .* record fewer measures"):
        render_objects({"big": [a_group("g", LARGEST_OBJECT)]}, METADATA)


def a_group(name: str, size: int) -> RuleGroup:
    return RuleGroup(name, (RecordingRule("a:b:c", "x" * size),))


def objects(metadata: ObjectMetadata) -> dict[str, str]:
    return dict(render_objects(groups_by_part(golden_monitors(), Links(), scope_texts(RuleScope())), metadata))
