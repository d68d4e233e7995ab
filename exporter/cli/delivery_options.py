"""The options of a command that say how Alertmanager delivers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from alertmanager.delivery import DEFAULT_SECRETS, OLDEST, DeliverySettings, parse_version
from alertmanager.delivery_file import load_delivery


def delivery_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options to a command and passes it what they come to as `delivery`; an option beats the file."""

    @click.option("--delivery", "file", type=click.Path(path_type=Path), help="Teams, mail server and more, as YAML.")
    @click.option("--secrets", help=f"Where Alertmanager finds its secrets.  [default: {DEFAULT_SECRETS}]")
    @click.option(
        "--alertmanager-version",
        "version",
        callback=_checked_version,
        help=f"The oldest Alertmanager that reads the files.  [default: {OLDEST}]",
    )
    @wraps(command)
    def with_delivery(*, file: Path | None, secrets: str | None, version: str | None, **others: Any) -> None:
        settings = DeliverySettings() if file is None else load_delivery(file)
        given = {"secrets": secrets, "alertmanager": version}
        known = {key: value for key, value in given.items() if value is not None}
        command(**others, delivery=settings.model_copy(update=known))

    return with_delivery


def _checked_version(_context: click.Context, _parameter: click.Parameter, version: str | None) -> str | None:
    try:
        return None if version is None else f"{'.'.join(map(str, parse_version(version)))}"
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
