"""When the function makes its attempts with the module's defaults, by the backoff that the function itself uses."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import patch

from scripts.terraform_files import defaults
from table_sync.queue import backoff

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Attempt:
    """One attempt on a table that is still being restored."""

    number: int
    seconds: int
    """From the arrival of the restore's event, if the attempts themselves take no time."""
    delay: int
    """Seconds until the next attempt."""


def shortest(low: float, _high: float) -> float:
    """Draw the shortest delay."""
    return low


def middle(low: float, high: float) -> float:
    """Draw the average delay."""
    return (low + high) / 2


def longest(_low: float, high: float) -> float:
    """Draw the longest delay."""
    return high


def schedule(draw: Callable[[float, float], float] = middle) -> list[Attempt]:
    """Return all attempts on a table that is never ready, with `draw` in place of random jitter."""
    inputs = defaults()
    seconds = inputs["initial_delay_seconds"]
    attempts = []
    with patch.object(random, "uniform", draw):
        for number in range(1, inputs["max_attempts"] + 1):
            delay = backoff.delay(
                number,
                base=inputs["backoff_base_seconds"],
                rate=inputs["backoff_rate"],
                ceiling=inputs["backoff_max_delay_seconds"],
            )
            attempts.append(Attempt(number, seconds, delay))
            seconds += delay
    return attempts


def count(restore_seconds: float) -> int:
    """Return how many attempts a restore of that length takes on average, the one that finds it ready included."""
    return next(attempt.number for attempt in schedule() if attempt.seconds >= restore_seconds)
