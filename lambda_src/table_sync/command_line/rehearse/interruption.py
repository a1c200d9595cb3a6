"""Signals that end a rehearsal: it stops, and removes what it created."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Raises KeyboardInterrupt at the first of the signals, once; after `ignore` at none."""

    def __init__(self) -> None:
        """Wait for the first one."""
        self._armed = True
        self.came = False

    def ignore(self) -> None:
        """Note further signals only: what was created is being removed."""
        self._armed = False

    def _handle(self, *_: object) -> None:
        self.came = True
        if self._armed:
            self._armed = False
            raise KeyboardInterrupt

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals in the block."""
        before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
