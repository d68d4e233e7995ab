"""Where the last whole record of some bytes ends."""

from __future__ import annotations

_NEWLINE = b"\n"
_QUOTE = b'"'


def cut_at_record_end(body: bytes, *, is_csv: bool) -> int:
    """How many bytes of `body`, which starts at a record, are whole records; 0 where the first one is not whole.

    A newline within quotes does not end a record of CSV (RFC 4180): the quotes before it are odd in number, a doubled
    quote counting twice.
    """
    cut = body.rfind(_NEWLINE) + 1
    if not is_csv:
        return cut
    quotes = body.count(_QUOTE, 0, cut)
    while cut and quotes % 2:
        before = body.rfind(_NEWLINE, 0, cut - 1) + 1
        quotes -= body.count(_QUOTE, before, cut)
        cut = before
    return cut
