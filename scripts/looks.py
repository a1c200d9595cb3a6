"""When the function looks at a table with the module's defaults, by the backoff that the function itself uses."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import patch

from scripts.inputs_outputs import defaults
from table_sync.queue import backoff

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Look:
    """One look at a table that is still being restored."""

    attempt: int
    seconds: int
    """Since the restore's event came, if the looks themselves take no time."""
    delay: int
    """Seconds until the next one."""


def shortest(low: float, _high: float) -> float:
    """Draw the least."""
    return low


def middle(low: float, high: float) -> float:
    """Draw what comes out on average."""
    return (low + high) / 2


def longest(_low: float, high: float) -> float:
    """Draw the most."""
    return high


def looks(draw: Callable[[float, float], float] = middle) -> list[Look]:
    """Return all looks at a table that is never ready, with `draw` in place of chance."""
    inputs = defaults()
    seconds = inputs["initial_delay_seconds"]
    found = []
    with patch.object(random, "uniform", draw):
        for attempt in range(1, inputs["max_attempts"] + 1):
            delay = backoff.delay(
                attempt,
                base=inputs["backoff_base_seconds"],
                rate=inputs["backoff_rate"],
                ceiling=inputs["backoff_max_delay_seconds"],
            )
            found.append(Look(attempt, seconds, delay))
            seconds += delay
    return found


def attempts(restore_seconds: float) -> int:
    """Return how many looks a restore of that length takes on average, the one that finds it ready included."""
    return next(look.attempt for look in looks() if look.seconds >= restore_seconds)
