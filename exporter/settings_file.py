"""Reads the settings file of `infranaut serve --config`, and finds every mistake in it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporter.archive.address import check_hot_address, check_warm_address, has_scheme
from exporter.archive.configuration import ArchiveConfiguration
from exporter.monitor.positions import Document, Flaw
from exporter.monitor.settings_document import refuse, settings_documents
from exporter.monitor.strict import StrictModel
from exporter.monitor.wording import flaw_of


class SettingsFile(StrictModel):
    """What stands in the file. Nothing must be there."""

    archive: ArchiveConfiguration = ArchiveConfiguration()


def load_settings_file(path: Path | None) -> SettingsFile:
    """The settings, with the addresses that stand in files of their own; the defaults where there is no file.

    Paths in it are relative to its folder, and absolute in what is returned. InvalidSettings with a line for each
    mistake.
    """
    if path is None:
        return SettingsFile()
    document = _document(path)
    settings, flaws = _validated(document)
    if flaws:
        refuse(path, [*document.flaws, *flaws])
    return settings.model_copy(update={"archive": _Resolver(path, document).resolve(settings.archive)})


def _document(path: Path) -> Document:
    documents = settings_documents(path)
    if len(documents) > 1:
        refuse(path, [Flaw(documents[1].line, (), "a second document, expected one; take out the line ---")])
    return documents[0] if documents else Document(1, {})


def _validated(document: Document) -> tuple[SettingsFile, list[Flaw]]:
    if not isinstance(document.value, dict):
        expected = ", ".join(SettingsFile.model_fields)
        return SettingsFile(), [Flaw(document.line, (), f"no settings, expected a mapping with {expected}")]
    if document.value.get("kind") == "Monitor":
        message = "this is a monitor; give it to --monitors, and a settings file to --config"
        return SettingsFile(), [Flaw(document.line_of(("kind",)), ("kind",), message)]
    try:
        return SettingsFile.model_validate(document.value, strict=True), document.flaws
    except ValidationError as error:
        return SettingsFile(), [flaw_of(detail, document, SettingsFile) for detail in error.errors(include_url=False)]


class _Resolver:
    """Makes paths absolute and reads the files that hold addresses."""

    def __init__(self, path: Path, document: Document) -> None:
        self._path = path
        self._document = document
        self._flaws: list[Flaw] = []

    def resolve(self, archive: ArchiveConfiguration) -> ArchiveConfiguration:
        hot = archive.hot.model_copy(update=self._address("hot", "url", archive.hot.url_file, check_hot_address))
        warm_keys = {
            **self._address("warm", "url", archive.warm.url_file, check_warm_address),
            **self._address("warm", "replica", archive.warm.replica_file, check_warm_address),
        }
        cold_keys: dict[str, Any] = {}
        if archive.cold.url is not None and not has_scheme(archive.cold.url):
            cold_keys["url"] = self._absolute(archive.cold.url)
        if archive.cold.column_keys is not None:
            cold_keys["column_keys"] = self._absolute(archive.cold.column_keys)
        if self._flaws:
            refuse(self._path, self._flaws)
        warm = archive.warm.model_copy(update=warm_keys)
        cold = archive.cold.model_copy(update=cold_keys)
        more = {"pseudonym_key": self._absolute(archive.pseudonym_key)} if archive.pseudonym_key is not None else {}
        return archive.model_copy(update={"hot": hot, "warm": warm, "cold": cold, **more})

    def _address(self, section: str, key: str, file: str | None, check: Callable[[str], str]) -> dict[str, str]:
        """The address that stands in a file, under its key."""
        if file is None:
            return {}
        place = ("archive", section, f"{key}_file")
        try:
            return {key: check(Path(self._absolute(file)).read_text(encoding="utf-8").strip()), place[-1]: file}
        except OSError as error:
            message = f"{self._absolute(file)} cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            message = f"{self._absolute(file)} holds no text"
        except ValueError as error:
            message = f"in {self._absolute(file)}: {error}"
        self._flaws.append(Flaw(self._document.line_of(place), place, message))
        return {}

    def _absolute(self, path: str) -> str:
        return str((self._path.parent / Path(path).expanduser()).absolute())
