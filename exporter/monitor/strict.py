"""What every part of a monitor is made of: a model that knows its keys, and text with a form."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RULE_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED_PREFIX = "__"


def _dns_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name; use lower-case letters, digits and dashes, at most 63")
    return text


def _rule_name(text: str) -> str:
    if not _RULE_NAME.fullmatch(text) or text.startswith(_RESERVED_PREFIX):
        raise ValueError(f"{text!r} is not a rule name; use letters, digits and underscores, at most 63")
    return text


def _label_name(text: str) -> str:
    if not _LABEL_NAME.fullmatch(text) or text.startswith(_RESERVED_PREFIX):
        raise ValueError(f"{text!r} cannot name a label; use letters, digits and underscores, and no digit first")
    return text


def _label_value(text: str) -> str:
    if not text or len(text) > 128 or not text.isprintable():
        raise ValueError(f"{text!r} cannot be a label value; use 1 to 128 printable characters")
    return text


def as_list(value: object) -> object:
    """One text in place of a list of one; a validator that runs before the type is checked."""
    return [value] if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_dns_name)]
RuleName = Annotated[str, AfterValidator(_rule_name)]
LabelName = Annotated[str, AfterValidator(_label_name)]
LabelValue = Annotated[str, AfterValidator(_label_value)]


class StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)
    secrets_hint: ClassVar[str] = ""
    """Where a secret stands that somebody may look for here."""
