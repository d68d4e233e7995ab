"""Label pairs as text: checked, escaped, and always valid UTF-8."""

from __future__ import annotations

import logging
import re

from exporter.expose.families import LabelPairs

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_log = logging.getLogger(__name__)


class LabelWriter:
    """Writes label pairs; `replaced` counts the values that could not go out as they were."""

    def __init__(self) -> None:
        self.replaced = 0
        self._names: set[str] = set()

    def write(self, pairs: LabelPairs) -> str:
        """`name="value"` joined by commas; ValueError for a name that Prometheus would refuse, or one given twice."""
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError(f"a label is given twice: {', '.join(name for name, _ in pairs)}")
        return ",".join([f'{self._name(name)}="{self._value(value)}"' for name, value in pairs])

    def _name(self, name: str) -> str:
        if name not in self._names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a label name")
            self._names.add(name)
        return name

    def _value(self, value: str) -> str:
        if not value.isprintable():
            value = self._unicode(value)
        return value.translate(_ESCAPES) if "\\" in value or '"' in value or "\n" in value else value

    def _unicode(self, value: str) -> str:
        """U+FFFD for each lone half of a surrogate pair and each NUL: one of them would cost the whole scrape."""
        valid = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
        if valid != value:
            self.replaced += 1
            _log.warning("a label value is no valid text, exposed as %r", valid)
        return valid
