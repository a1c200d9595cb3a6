"""How long a restore waits in the queue until the next attempt."""

from __future__ import annotations

import math
import random

# Restores that began together shall not be tried together forever.
JITTER = 0.15


def delay(attempt: int, *, base: float, rate: float, ceiling: float) -> int:
    """Return the delay after an attempt: exponential, with jitter, never below `base` nor above `ceiling`.

    Args:
        attempt: number of attempts so far, 1 or more (SQS: ApproximateReceiveCount).
        base: seconds, the delay after the first attempt and the minimum of all delays.
        rate: factor from one delay to the next, 1 or more.
        ceiling: seconds, `base` or more.

    Returns:
        whole seconds, as ChangeMessageVisibility takes them.

    """
    try:
        nominal = min(ceiling, base * rate ** (attempt - 1))
    except OverflowError:
        nominal = ceiling
    shortest = max(base, nominal * (1 - JITTER))
    longest = min(ceiling, nominal * (1 + JITTER))
    # No secret depends on it.
    drawn = random.uniform(shortest, longest)  # noqa: S311  # nosec B311
    return max(math.ceil(base), min(round(drawn), math.floor(ceiling)))
