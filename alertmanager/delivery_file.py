"""Reads the file of `--delivery`, and finds every mistake in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from alertmanager.delivery import DeliverySettings
from exporter.errors import InvalidSettings, Mistake
from exporter.monitor.positions import Flaw, UnreadableYaml, format_key, read_documents
from exporter.monitor.wording import flaw_of


def load_delivery(path: Path) -> DeliverySettings:
    """The settings; InvalidSettings with a line for each mistake."""
    try:
        documents = read_documents(path.read_bytes())
    except OSError as error:
        raise InvalidSettings(f"{path}: cannot be read: {error.strerror}") from error
    except UnreadableYaml as error:
        raise InvalidSettings(str(Mistake(str(path), error.line, "", str(error)))) from error
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        expected = ", ".join(DeliverySettings.model_fields)
        raise InvalidSettings(f"{path}: expected one mapping with any of {expected}")
    document = documents[0]
    try:
        settings = DeliverySettings.model_validate(document.value, strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False)
        _refuse(path, [*document.flaws, *(flaw_of(detail, document, DeliverySettings) for detail in details)])
    if document.flaws:
        _refuse(path, document.flaws)
    return settings


def _refuse(path: Path, flaws: list[Flaw]) -> NoReturn:
    ordered = sorted(flaws, key=lambda flaw: (flaw.line, str(flaw.key)))
    raise InvalidSettings(
        "\n".join(str(Mistake(str(path), flaw.line, format_key(flaw.key), flaw.message)) for flaw in ordered)
    )
