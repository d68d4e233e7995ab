"""Sizes as people write them."""

from __future__ import annotations

import pytest

from exporter.errors import InvalidSettings
from exporter.monitor.size import ByteSize, parse_size_bytes
from exporter.settings import parse_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4096", 4096), ("4096B", 4096), ("64MiB", 64 * 2**20), ("10 MB", 10**7), ("4GiB", 4 * 2**30), ("1TB", 10**12)],
)
def test_a_size_is_read_in_powers_of_two_or_ten(text: str, expected: int) -> None:
    assert parse_size_bytes(text) == expected
    assert ByteSize(text).bytes == expected


@pytest.mark.parametrize("text", ["", "0", "0MiB", "4Gib", "-1", "1.5GiB", "many", "64M"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size; write for example 64MiB"):
        parse_size_bytes(text)
    with pytest.raises(InvalidSettings, match="is not a size"):
        parse_size(text)
