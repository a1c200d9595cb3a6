"""Work that goes on at the same time on the embedded AWS's clock, while one piece of it at a time runs for real."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.embedded_aws import Clock


class Timelines:
    """Threads that take turns: one that sleeps lets the others run through the time until it wakes.

    Only `advance` moves the clock, from one waking to the next, so it never runs backwards and nothing waits for
    real. Two that wake at the same moment run in the order in which they went to sleep.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._order = itertools.count()
        self._asleep: list[tuple[float, int, threading.Lock]] = []
        self._turn_over = _closed_gate()
        self._of_thread = threading.local()
        self._error: BaseException | None = None
        self.running = 0

    @property
    def next_waking(self) -> float | None:
        """When the next one goes on (epoch seconds), None if there is none."""
        return self._asleep[0][0] if self._asleep else None

    @property
    def inside(self) -> bool:
        """Whether the calling thread is one of them."""
        return hasattr(self._of_thread, "gate")

    def start(self, work: Callable[[], None]) -> None:
        """Begin `work` now; it runs at the next `advance`."""
        gate = _closed_gate()
        self._put_to_bed(self._clock.now(), gate)
        self.running += 1
        threading.Thread(target=self._run, args=(work, gate), daemon=True).start()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass for the work that calls this; anybody else's sleep only moves the clock."""
        if not self.inside:
            self._clock.advance(seconds)
            return
        gate = self._of_thread.gate
        self._put_to_bed(self._clock.now() + seconds, gate)
        self._turn_over.release()
        gate.acquire()

    def advance(self) -> None:
        """Move the clock to the next waking, and run what wakes until it sleeps or ends; raise what it raises."""
        waking, _, gate = heapq.heappop(self._asleep)
        self._clock.advance(max(0.0, waking - self._clock.now()))
        gate.release()
        self._turn_over.acquire()
        if self._error is not None:
            raise self._error

    def _put_to_bed(self, waking: float, gate: threading.Lock) -> None:
        heapq.heappush(self._asleep, (waking, next(self._order), gate))

    def _run(self, work: Callable[[], None], gate: threading.Lock) -> None:
        self._of_thread.gate = gate
        gate.acquire()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised again where the time is moved)
            self._error = error
        finally:
            self.running -= 1
            self._turn_over.release()


def _closed_gate() -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()
    return gate
