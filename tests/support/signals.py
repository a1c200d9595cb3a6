"""Keeps what a signal's handler raises out of places where it would lose something."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def put_off() -> Iterator[None]:
    """Run the handlers of signals that come during the block at its end.

    For a block that starts a process and notes it: an exception out of Popen, after the fork, leaves a process of which
    nobody knows. Handlers run in the main thread only (Python's documentation of signal), so elsewhere nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    # An ignored signal stays ignored: a child would inherit anything else.
    handlers = {number: handler for number in _SIGNALS if callable(handler := signal.getsignal(number))}
    for number in handlers:
        signal.signal(number, lambda *signalled: came.append(signalled))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for signalled in came:
            handlers[signal.Signals(signalled[0])](*signalled)
