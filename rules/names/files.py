"""Names of files, rule groups and dashboards."""

from __future__ import annotations

import hashlib

OVERVIEW_DASHBOARD = "infranaut-overview"
LABELS_DASHBOARD = "infranaut-labels"
SLO_DASHBOARD = "infranaut-slo"
EXPORTER_DASHBOARD = "infranaut-exporter"
"""uids of the dashboards that belong to no monitor."""
_DASHBOARD_UID_LENGTH = 40
"""The most that Grafana takes."""


def rule_file(monitor: str) -> str:
    return f"{monitor}.rules.yaml"


def rule_template_file(monitor: str) -> str:
    """Rules with a place for a scope; without a monitor, those that belong to none."""
    return f"{monitor or GENERAL_PART}.rules.template"


def object_file(name: str) -> str:
    """An object of Kubernetes."""
    return f"{name}.yaml"


def tests_file(part: str, interval: str) -> str:
    """Tests of the alerts of a monitor, or of another part of the rules, that are evaluated every `interval`."""
    return f"{part}.{interval}.tests.yaml"


def service_part(service: str) -> str:
    """What `rule_file` takes for the OpenSLO objectives of a service."""
    return f"{service}.openslo"


GENERAL_PART = "infranaut.exporter"
"""What belongs to no monitor; no monitor has this name, because none has a dot."""
GENERAL_RULE_FILE = f"{GENERAL_PART}.rules.yaml"


def group(monitor: str, subject: str, window: str = "") -> str:
    """`infranaut-<monitor>-<subject>[-<window>]`; groups are unique over all files."""
    return "-".join(part for part in ("infranaut", monitor, subject, window) if part)


def model_dashboard(monitor: str) -> str:
    """uid of the dashboard of a monitor; a long name ends in a hash of itself."""
    return _dashboard_uid("infranaut-model-", monitor)


def feature_dashboard(monitor: str) -> str:
    """uid of the dashboard of a monitor's single features."""
    return _dashboard_uid("infranaut-feature-", monitor)


def custom_dashboard(monitor: str, name: str) -> str:
    """uid of a dashboard that a monitor asks for; neither name has an underscore."""
    return _dashboard_uid("infranaut-own-", f"{monitor}_{name}")


def _dashboard_uid(prefix: str, name: str) -> str:
    uid = prefix + name
    if len(uid) <= _DASHBOARD_UID_LENGTH:
        return uid
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{uid[: _DASHBOARD_UID_LENGTH - 9]}-{digest}"
