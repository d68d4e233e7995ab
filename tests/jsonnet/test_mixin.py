"""The mixin renders what Python generated: the same rules, alerts apart from recordings, and the same dashboards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rjsonnet
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import dashboards
import rules
from exporter.cli.generate import command
from exporter.monitor.load import load_monitors
from rules.scope import RuleScope
from tests.support.documentation import page
from tests.support.golden_monitors import BINARY, GOLDEN, MULTICLASS, REGRESSION, golden_monitors
from tests.support.promtool import assert_promtool

MIXIN = Path(__file__).parents[2] / "jsonnet" / "mixin.libsonnet"

OBJECT_SCHEMA = Path(__file__).parents[1] / "rules" / "prometheusrule.schema.json"
ADD_MIXIN = """
function(config) {
  assert config.name == 'infranaut',
  grafanaDashboards: config.mixin.grafanaDashboards,
  prometheusRules: {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: config.name, namespace: 'monitoring', labels: { role: 'alert-rules' } },
    spec: { groups: config.mixin.prometheusAlerts.groups + config.mixin.prometheusRules.groups },
  },
}
"""
MAIN = "{ values:: { grafana: { dashboards: {} } } }"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of everything that was generated for the golden monitors."""
    arguments = ["all", "--monitors", str(GOLDEN / "monitors"), "--out", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    return tmp_path


def test_recording_rules_are_in_the_groups_in_which_python_put_them(out: Path) -> None:
    assert by_name(rendered(out)["prometheusRules"]) == {
        name: recorded for name, group in python_groups().items() if (recorded := of_kind("record", group))
    }


def test_alerts_are_in_a_group_that_is_named_for_the_one_in_which_python_put_them(out: Path) -> None:
    assert by_name(rendered(out)["prometheusAlerts"]) == {
        f"{name}-alerts": alerts for name, group in python_groups().items() if (alerts := of_kind("alert", group))
    }


def test_dashboards_are_those_of_python_under_their_uid(out: Path) -> None:
    documents = [json.loads(text) for text in dashboards.render(golden_monitors()).values()]
    assert rendered(out)["grafanaDashboards"] == {f"{document['uid']}.json": document for document in documents}


def test_alerts_and_rules_together_are_one_rule_file_that_promtool_accepts(out: Path) -> None:
    mixin = rendered(out)
    groups = mixin["prometheusAlerts"]["groups"] + mixin["prometheusRules"]["groups"]
    assert len({group["name"] for group in groups}) == len(groups)
    path = out / "mixin.yaml"
    path.write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    assert_promtool("check", "rules", path)


def test_objectives_of_openslo_are_rendered_as_python_does(tmp_path: Path) -> None:
    paths = [GOLDEN / "openslo" / "requests" / name for name in ("sli.yaml", "slo.yaml")]
    arguments = [word for path in (*paths, GOLDEN / "monitors") for word in ("--monitors", str(path))]
    assert CliRunner().invoke(command, ["all", *arguments, "--out", str(tmp_path)]).exit_code == 0
    (path,) = (tmp_path / "rules").glob("*.openslo.rules.yaml")
    (group,) = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    mixin = rendered(tmp_path)
    assert by_name(mixin["prometheusRules"])[group["name"]] == of_kind("record", group["rules"])
    assert by_name(mixin["prometheusAlerts"])[f"{group['name']}-alerts"] == of_kind("alert", group["rules"])


def test_groups_and_dashboards_that_are_there_already_stay(out: Path) -> None:
    others = "{ grafanaDashboards+:: { 'a.json': {} }, prometheusAlerts+:: { groups+: [{ name: 'a', rules: [] }] } }"
    mixin = rendered(out, before=others)
    assert "a.json" in mixin["grafanaDashboards"]
    assert by_name(mixin["prometheusAlerts"]).keys() > {"a", "infranaut-exporter-alerts"}


def test_only_the_monitors_that_are_asked_for_are_rendered(out: Path) -> None:
    mixin = rendered(out, f"monitors: ['{BINARY}']")
    general = {f"infranaut-{name}.json" for name in ("overview", "slo", "labels", "exporter")}
    own = {f"infranaut-{name}.json" for name in (f"model-{BINARY}", f"feature-{BINARY}", f"own-{BINARY}_risk-weekly")}
    assert mixin["grafanaDashboards"].keys() == general | own
    names = by_name(mixin["prometheusAlerts"]).keys() | by_name(mixin["prometheusRules"]).keys()
    assert all(name.startswith((f"infranaut-{BINARY}-", "infranaut-exporter")) for name in names)
    assert "infranaut-exporter-alerts" in names


def test_every_alert_gets_the_labels_and_the_runbook_that_are_configured_and_nothing_else_changes(out: Path) -> None:
    plain = rendered(out)
    mixin = rendered(out, "extraLabels: { cluster: 'north' }, runbookURLPattern: 'https://wiki/%s'")
    for group in plain["prometheusAlerts"]["groups"]:
        for rule in group["rules"]:
            rule["labels"]["cluster"] = "north"
            rule["annotations"]["runbook_url"] = f"https://wiki/{rule['alert']}"
    assert mixin == plain


@pytest.mark.parametrize(
    ("config", "scope"),
    [
        ("selector: 'job=~\"ml.*\"'", RuleScope('job=~"ml.*"')),
        ("clusterLabel: 'cluster'", RuleScope(cluster_label="cluster")),
        (
            "selector: 'job!=\"50%\",team=\"a\\\\b\"', clusterLabel: 'region'",
            RuleScope('job!="50%",team="a\\b"', "region"),
        ),
    ],
    ids=["selector", "cluster", "both"],
)
def test_a_selector_and_a_cluster_label_give_what_python_gives_with_them(
    config: str, scope: RuleScope, out: Path
) -> None:
    mixin = rendered(out, config)
    groups = python_groups(scope)
    assert groups != python_groups()
    assert by_name(mixin["prometheusRules"]) == {
        name: recorded for name, group in groups.items() if (recorded := of_kind("record", group))
    }
    assert by_name(mixin["prometheusAlerts"]) == {
        f"{name}-alerts": alerts for name, group in groups.items() if (alerts := of_kind("alert", group))
    }


def test_no_place_for_a_scope_is_left_over(out: Path) -> None:
    for config in ("", "selector: 'a=\"b\"', clusterLabel: 'cluster'"):
        mixin = rendered(out, config)
        assert "⟪" not in json.dumps([mixin["prometheusRules"], mixin["prometheusAlerts"]], ensure_ascii=False)


HOSTILE = ("⟪selector⟫", "⟪opening⟫", "⟪opening⟫cluster⟫", "⟪$labels.cluster ⟫%q `")
"""Names that look like places of a scope."""


@pytest.mark.parametrize("scope", [RuleScope(), RuleScope('env!="⟪cluster⟫ ⟪"', "region")], ids=["empty", "hostile"])
def test_a_name_that_looks_like_a_place_for_a_scope_stays_a_name(scope: RuleScope, tmp_path: Path) -> None:
    monitor = yaml.safe_load((GOLDEN / "monitors" / f"{MULTICLASS}.yaml").read_text(encoding="utf-8"))
    monitor["spec"]["model"] |= {"name": HOSTILE[0], "classes": list(HOSTILE)}
    monitor["spec"]["performance"]["objectives"] = [
        {"metric": "recall", "class": name, "minimum": 0.5} for name in HOSTILE
    ]
    objective = (GOLDEN / "openslo" / "requests" / "sli.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "monitors"
    folder.mkdir()
    (folder / "monitor.yaml").write_text(yaml.safe_dump(monitor, allow_unicode=True), encoding="utf-8")
    (folder / "sli.yaml").write_text(objective.replace('"api"', f'"{HOSTILE[1]}"'), encoding="utf-8")
    (folder / "slo.yaml").write_bytes((GOLDEN / "openslo" / "requests" / "slo.yaml").read_bytes())
    arguments = ["all", "--monitors", str(folder), "--out", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    mixin = rendered(tmp_path, f"selector: {json.dumps(scope.selector)}, clusterLabel: '{scope.cluster_label}'")
    loaded = load_monitors([folder])
    files = rules.render([each.monitor for each in loaded.monitors], scope=scope, objectives=loaded.objectives)
    groups = {name: of for text in files.values() for name, of in by_name(yaml.safe_load(text)).items()}
    assert all(name in json.dumps(groups, ensure_ascii=False) for name in HOSTILE)
    assert by_name(mixin["prometheusAlerts"]) == {
        f"{name}-alerts": alerts for name, group in groups.items() if (alerts := of_kind("alert", group))
    }
    assert by_name(mixin["prometheusRules"]) == {
        name: recorded for name, group in groups.items() if (recorded := of_kind("record", group))
    }


def test_a_selector_that_would_end_a_template_is_refused(out: Path) -> None:
    with pytest.raises(RuntimeError, match=r"_config\.selector: a=\"`\" holds a backtick"):
        rendered(out, "selector: 'a=\"`\"'")


def test_a_kube_prometheus_user_adds_the_lines_of_the_page_and_gets_the_rules_as_one_object(out: Path) -> None:
    """The lines of docs/mixin.md over a kube-prometheus of our own that has what they use of it."""
    (out / "kube-prometheus" / "lib").mkdir(parents=True)
    (out / "kube-prometheus" / "lib" / "mixin.libsonnet").write_text(ADD_MIXIN, encoding="utf-8")
    (out / "kube-prometheus" / "main.libsonnet").write_text(MAIN, encoding="utf-8")
    (source,) = (text for text in page("docs/mixin.md").blocks("jsonnet") if "addMixin" in text)
    paths = {
        "kube-prometheus/": f"{out}/kube-prometheus/",
        "github.com/infranaut/infranaut/jsonnet/": f"{MIXIN.parent}/",
        "observability/mixin/": f"{out}/mixin/",
    }
    for path, place in paths.items():
        assert f"'{path}" in source
        source = source.replace(f"'{path}", f"'{place}")
    document = json.loads(rjsonnet.evaluate_snippet("kube.jsonnet", source))
    rule = document["infranaut-prometheus-rules"]
    Draft202012Validator(json.loads(OBJECT_SCHEMA.read_text(encoding="utf-8"))).validate(rule)
    assert {group["name"] for group in rule["spec"]["groups"]} > {"infranaut-exporter-alerts"}


def test_a_monitor_that_was_not_generated_is_told_with_those_that_were(out: Path) -> None:
    with pytest.raises(RuntimeError, match=f"no monitor 'gone' was generated, only {REGRESSION}, {BINARY}, "):
        rendered(out, "monitors: ['gone']")


def test_a_mixin_without_generated_files_says_how_to_name_them(out: Path) -> None:
    with pytest.raises(RuntimeError, match=r"set it to import 'OUT/mixin/monitors\.libsonnet'"):
        rjsonnet.evaluate_snippet("a.jsonnet", f"(import '{MIXIN}').prometheusAlerts")


def rendered(out: Path, config: str = "", before: str = "{}") -> dict[str, Any]:
    """The three parts of the mixin as JSON, of the generated folder `out` and with more of `_config`."""
    source = f"""
      local mixin = {before} + (import '{MIXIN}') + {{
        _config+: {{ generated: import '{out}/mixin/monitors.libsonnet', {config} }},
      }};
      {{ [name]: mixin[name] for name in ['grafanaDashboards', 'prometheusAlerts', 'prometheusRules'] }}
    """
    document: dict[str, Any] = json.loads(rjsonnet.evaluate_snippet("test.jsonnet", source))
    return document


def python_groups(scope: RuleScope | None = None) -> dict[str, list[dict[str, Any]]]:
    """Name of each group → its rules, of all rule files."""
    documents = [yaml.safe_load(text) for text in rules.render(golden_monitors(), scope=scope).values()]
    return {group["name"]: group["rules"] for document in documents for group in document["groups"]}


def by_name(part: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {group["name"]: group["rules"] for group in part["groups"]}


def of_kind(kind: str, group: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rule for rule in group if kind in rule]
