"""Reads a file of settings that a person wrote, and tells every mistake in it at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from exporter.errors import InvalidSettings, Mistake
from exporter.monitor.positions import Document, Flaw, UnreadableYaml, format_key, read_documents


def settings_documents(path: Path) -> list[Document]:
    """The YAML documents of a file; InvalidSettings when it cannot be read."""
    try:
        return read_documents(path.read_bytes())
    except OSError as error:
        raise InvalidSettings(f"{path}: cannot be read: {error.strerror}") from error
    except UnreadableYaml as error:
        raise InvalidSettings(str(Mistake(str(path), error.line, "", str(error)))) from error


def refuse(path: Path, flaws: Iterable[Flaw]) -> NoReturn:
    """Raises InvalidSettings with a line for each flaw, in the order in which they stand in the file."""
    ordered = sorted(flaws, key=lambda flaw: (flaw.line, str(flaw.key)))
    raise InvalidSettings(
        "\n".join(str(Mistake(str(path), flaw.line, format_key(flaw.key), flaw.message)) for flaw in ordered)
    )
