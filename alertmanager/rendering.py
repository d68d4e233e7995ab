"""Alertmanager's configuration file and its message templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alertmanager import templates
from alertmanager.inhibitions import inhibitions
from alertmanager.receivers import DEFAULT_SECRETS, receivers
from alertmanager.routes import root_route
from exporter.monitor.spec import Monitor
from rules.yaml_document import to_yaml

CONFIGURATION_FILE = "alertmanager.yaml"


def render(monitors: Sequence[Monitor], secrets: str = DEFAULT_SECRETS) -> Mapping[str, str]:
    """The text of each file by its name; `secrets` is the folder in which Alertmanager finds them."""
    ordered = sorted(monitors, key=lambda monitor: monitor.name)
    configuration = {
        "templates": [templates.FILE],
        "route": root_route(ordered),
        "inhibit_rules": inhibitions(),
        "receivers": receivers(ordered, secrets),
    }
    return {
        CONFIGURATION_FILE: to_yaml(configuration, templates.COMMAND),
        templates.FILE: templates.template_file(),
    }
