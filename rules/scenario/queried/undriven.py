"""Why no series can be made for a query."""

from __future__ import annotations


class UndrivenQuery(ValueError):
    """No series that we can make drive the query as a test needs it; says why in words."""
