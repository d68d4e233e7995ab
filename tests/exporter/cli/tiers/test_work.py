"""How work on the archive ends is told once, whatever ends it."""

from __future__ import annotations

import pytest

from exporter.cli.tiers.work import Ending, told_at_the_end
from exporter.errors import RetryLater


def test_a_second_interruption_is_told_as_the_first() -> None:
    told: list[Ending] = []
    with pytest.raises(SystemExit) as ended, told_at_the_end(told.append):
        raise KeyboardInterrupt
    assert (ended.value.code, told) == (130, [Ending(is_interrupted=True)])


def test_a_failure_is_told_without_passwords() -> None:
    told: list[Ending] = []
    with pytest.raises(RetryLater), told_at_the_end(told.append):
        raise RetryLater("redis://:opensesame@127.0.0.1:1/0 is away")
    assert told == [Ending(failure="redis://:***@127.0.0.1:1/0 is away")]


def test_an_end_by_itself_is_neither() -> None:
    told: list[Ending] = []
    with told_at_the_end(told.append):
        pass
    assert told == [Ending()]
