"""Commands that are interrupted."""

from __future__ import annotations

import signal

import pytest

from exporter.cli.signals import interrupted_by_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_leave_the_block_in_order_and_are_given_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt, match=number.name), interrupted_by_signals():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before
