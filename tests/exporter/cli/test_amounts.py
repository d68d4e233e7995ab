from __future__ import annotations

from exporter.cli.amounts import bytes_text, count_text


def test_numbers_are_printed_for_people() -> None:
    assert [bytes_text(size) for size in (0, 812, 4_400_000, 5 * 2**40)] == ["0 B", "812 B", "4.2 MiB", "5.0 TiB"]
    assert [count_text(count, "row") for count in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]
