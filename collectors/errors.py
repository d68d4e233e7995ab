"""Every error of the collectors, split by what the caller should do.

CollectorError
├── SourceUnavailable     nothing was taken; the same call may succeed later
└── SourceUnusable        it will never succeed as it is asked for: say it and stop
"""

from __future__ import annotations


class CollectorError(Exception):
    """The root of the tree above."""


class SourceUnavailable(CollectorError):
    """The source cannot be reached now; poll again later."""


class SourceUnusable(CollectorError):
    """The source is not there, or not what it should be."""
