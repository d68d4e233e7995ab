"""Reads the file of `--delivery`, and finds every mistake in it at once."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from alertmanager.delivery import DeliverySettings
from exporter.errors import InvalidSettings
from exporter.monitor.settings_document import refuse, settings_documents
from exporter.monitor.wording import flaw_of


def load_delivery(path: Path) -> DeliverySettings:
    """The settings; InvalidSettings with a line for each mistake."""
    documents = settings_documents(path)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        expected = ", ".join(DeliverySettings.model_fields)
        raise InvalidSettings(f"{path}: expected one mapping with any of {expected}")
    document = documents[0]
    try:
        settings = DeliverySettings.model_validate(document.value, strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False)
        refuse(path, [*document.flaws, *(flaw_of(detail, document, DeliverySettings) for detail in details)])
    if document.flaws:
        refuse(path, document.flaws)
    return settings
