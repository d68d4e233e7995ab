"""Alertmanager's configuration file and its message templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alertmanager import templates
from alertmanager.delivery import DeliverySettings, MailServer
from alertmanager.inhibitions import inhibitions
from alertmanager.mutes import time_intervals
from alertmanager.receivers import receivers
from alertmanager.recipients import everybody
from alertmanager.requirements import require_support
from alertmanager.routes import root_route
from exporter.monitor.spec import Monitor
from rules import names
from rules.yaml_document import to_yaml

CONFIGURATION_FILE = "alertmanager.yaml"


def render(
    monitors: Sequence[Monitor], delivery: DeliverySettings | None = None, cluster_label: str = names.CLUSTER
) -> Mapping[str, str]:
    """The text of each file by its name; InvalidSettings where Alertmanager lacks what a monitor asks for.

    cluster_label : what tells clusters apart, such as an external label of each Prometheus.
    """
    settings = delivery or DeliverySettings()
    ordered = sorted(monitors, key=lambda monitor: monitor.name)
    told = everybody(ordered, settings)
    require_support(told, settings)
    configuration = {
        **({"global": _mail(settings.smtp, settings.secrets)} if settings.smtp else {}),
        "templates": [templates.FILE],
        "route": root_route(ordered, settings, cluster_label),
        "inhibit_rules": inhibitions(cluster_label),
        **({"time_intervals": intervals} if (intervals := time_intervals(told)) else {}),
        "receivers": receivers(told, settings),
    }
    return {
        CONFIGURATION_FILE: to_yaml(configuration, templates.COMMAND),
        templates.FILE: templates.template_file(cluster_label),
    }


def _mail(server: MailServer, secrets: str) -> dict[str, object]:
    login = {
        "smtp_auth_username": server.username,
        "smtp_auth_password_file": f"{secrets.rstrip('/')}/smtp.password",
    }
    return {
        "smtp_smarthost": server.smarthost,
        "smtp_from": server.sender,
        "smtp_require_tls": server.require_tls,
        **(login if server.username else {}),
    }
