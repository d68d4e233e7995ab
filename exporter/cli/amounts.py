"""Numbers as commands print them."""

from __future__ import annotations


def bytes_text(size_bytes: float) -> str:
    """`812 B`, `4.2 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{size_bytes:,.0f} {unit}" if unit == "B" else f"{size_bytes:,.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:,.1f} TiB"


def count_text(count: int, one: str) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
