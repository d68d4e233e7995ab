"""The bins of a category: its most frequent values, and one for all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.catalog import OTHER
from exporter.reference.document import CategoryReference

_LONGEST_VALUE = 128


def category_reference(
    counts: Mapping[str, int], missing: int, invalid: int, declared: Sequence[str], limit: int
) -> CategoryReference:
    """The reference of a category from how often each valid value stands in the data.

    The most frequent values have a bin of their own, ties by name, at most `limit`. Declared values have one even where
    the data does not hold them. Values that make no good label (empty, longer than 128, not printable) count as other.
    """
    known = {**dict.fromkeys(declared, 0), **counts}
    ordered = sorted((value for value in known if _is_label(value)), key=lambda value: (-known[value], value))
    values = ordered[:limit]
    return CategoryReference(
        values=values,
        counts=[known[value] for value in values],
        other=sum(known.values()) - sum(known[value] for value in values),
        missing=missing,
        invalid=invalid,
    )


def _is_label(value: str) -> bool:
    return 0 < len(value) <= _LONGEST_VALUE and value.isprintable() and value != OTHER
