"""moto's server with S3's promise to conditional writers: of many at once, one wins.

moto checks `If-None-Match` and puts in two steps, so that now and then two writers are both told that they were first.
Run as a program, with the arguments of `moto_server`.
"""

from __future__ import annotations

import sys
from threading import Lock
from typing import Any

from moto.s3.responses import S3Response
from moto.server import main


def take_turns() -> None:
    """One put at a time, from its condition to its content."""
    put, turn = S3Response.put_object, Lock()

    def put_in_turn(response: S3Response) -> tuple[int, dict[str, Any], str | bytes]:
        with turn:
            return put(response)

    S3Response.put_object = put_in_turn  # type: ignore[assignment, method-assign]  # it has no switch


if __name__ == "__main__":
    take_turns()
    main(sys.argv[1:])
