"""docs/alertmanager.md shows what works: its YAML is read, its table of silences is whole, every key is named."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

import alertmanager
from alertmanager.delivery import DeliverySettings
from alertmanager.delivery_file import load_delivery
from alertmanager.pace import PACES
from alertmanager.receiver_names import secret_file
from exporter.monitor.spec import Route
from tests.support.alertmanagers import programs
from tests.support.golden_monitors import BINARY, golden_monitor

PAGE = Path(__file__).parents[2] / "docs" / "alertmanager.md"


def test_what_it_shows_is_accepted_by_infranaut_and_by_amtool(tmp_path: Path) -> None:
    of_monitor, of_delivery = blocks("yaml")
    delivery = tmp_path / "delivery.yaml"
    delivery.write_text(of_delivery, encoding="utf-8")
    monitor = golden_monitor(BINARY, alerts=yaml.safe_load(of_monitor)["alerts"])
    settings = load_delivery(delivery).model_copy(update={"alertmanager": "0.25"})
    for name, text in alertmanager.render([monitor], settings).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert "SUCCESS" in programs("oldest").run("check-config", tmp_path / "alertmanager.yaml")


def test_every_key_of_a_route_and_of_the_delivery_file_is_told() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [key for key in Route.model_fields if f"| `{key}: " not in text] == []
    shown = yaml.safe_load(blocks("yaml")[1])
    assert list(DeliverySettings.model_fields) == list(shown)


def test_files_of_secrets_are_named_as_they_are_generated() -> None:
    rows = re.findall(r'^\| `(\w+): "?([^"`]+)"?` \| `([^`]+)`', PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {(kind, name): file for kind, name, file in rows if kind != "email"}
    assert len(named) == 5
    assert named == {(kind, name): secret_file("", name, kind).removeprefix("/") for kind, name in named}


def test_the_paces_are_those_of_the_routes() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"| {severity} | {' | '.join(pace)} |" in text for severity, pace in PACES.items())


def blocks(language: str) -> list[str]:
    return [part.partition("```")[0] for part in PAGE.read_text(encoding="utf-8").split(f"```{language}\n")[1:]]
