"""A monitor with some of its keys set otherwise."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from exporter.derive.sql import check_expressions
from exporter.errors import InvalidMonitors, InvalidSettings, Mistake
from exporter.monitor.load import LoadedMonitor, load_monitors


@dataclass(frozen=True, slots=True)
class Setting:
    """A key below `spec`, such as `drift.threshold`, and the value that it is to have."""

    key: str
    text: str
    flag: str = field(default="--set", compare=False)

    @property
    def value(self) -> Any:
        return yaml.safe_load(self.text)

    @property
    def asked(self) -> str:
        """As a person wrote it."""
        return f"{self.flag} {self}"

    def __str__(self) -> str:
        return f"{self.key}={self.text}"


def parse_setting(flag: str, text: str) -> Setting:
    """`KEY=VALUE`; InvalidSettings when it is not, or when the value is no YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise InvalidSettings(f"{flag} {text!r}: expected KEY=VALUE, such as drift.threshold=0.2")
    setting = Setting(key.strip().removeprefix("spec."), value.strip(), flag)
    try:
        _ = setting.value
    except yaml.YAMLError as error:
        raise InvalidSettings(f"{flag} {text!r}: the value is not YAML: {error}") from error
    return setting


def parse_sweep(text: str) -> list[Setting]:
    """`KEY=VALUE,VALUE,…`: one setting for each value."""
    setting = parse_setting("--sweep", text)
    return [parse_setting("--sweep", f"{setting.key}={value}") for value in setting.text.split(",")]


def with_settings(loaded: LoadedMonitor, settings: Sequence[Setting]) -> LoadedMonitor:
    """The monitor with its keys set; InvalidMonitors, naming the settings, when it is none any more."""
    if not settings:
        return loaded
    document = loaded.monitor.model_dump(mode="json", exclude_unset=True, by_alias=True)
    for setting in settings:
        _set(document["spec"], setting)
    shown = " ".join(setting.asked for setting in settings)
    with tempfile.TemporaryDirectory(prefix="infranaut-backtest-") as folder:
        path = Path(folder) / loaded.path.name
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        try:
            (changed,) = load_monitors([path], check_expressions).monitors
        except InvalidMonitors as error:
            mistakes = [Mistake(shown, 0, each.key, each.message) for each in error.mistakes]
            raise InvalidMonitors(mistakes) from error
    return replace(changed, path=loaded.path)


def _set(spec: dict[str, Any], setting: Setting) -> None:
    *path, last = setting.key.split(".")
    inside: Any = spec
    for part in path:
        inside = inside[_index(inside, part, setting)] if isinstance(inside, list) else _below(inside, part)
    if isinstance(inside, list):
        inside[_index(inside, last, setting)] = setting.value
    elif isinstance(inside, dict):
        inside[last] = setting.value
    else:
        raise InvalidSettings(f"{setting.asked}: nothing can be set below {'.'.join(path)!r}")


def _below(inside: Any, part: str) -> Any:
    return inside.setdefault(part, {}) if isinstance(inside, dict) else inside


def _index(items: Sequence[Any] | Mapping[str, Any], part: str, setting: Setting) -> int:
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    raise InvalidSettings(f"{setting.asked}: {part!r} is no item of the list, expected a number below {len(items)}")
