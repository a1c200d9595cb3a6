"""How the restores of one invocation, and their settings, share its time."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from table_sync.sync import Reconciliation

# Delays between the passes of one attempt, in seconds. After ACTIVE, point-in-time recovery is available and a stream
# or a Kinesis destination is there within 2 to 7 s, and one UpdateTable follows another after 4 to 6 s (live probe,
# October 2026); event source mappings take longer. What takes longer still waits in the queue. More passes would find
# out little sooner, and each takes calls from rates that all restores share.
PASS_DELAYS = (5, 5, 5, 4)
# Time in reserve for the end of an attempt: one call that AWS does not answer takes 26 seconds (table_sync.aws).
RESERVED_SECONDS = 30
# A setting that takes long may use half of what is left, and no less than these seconds, before the others get their
# turn; then it continues.
_SHARE_SECONDS = 5


def share(seconds_left: Callable[[], float], *, whole: bool) -> Callable[[], float]:
    """Return how long one setting may go on, in seconds, if it may have the `whole` time or if others wait."""
    available = seconds_left() - RESERVED_SECONDS
    if available == math.inf:
        return seconds_left
    kept = RESERVED_SECONDS + (0 if whole else min(available / 2, max(0, available - _SHARE_SECONDS)))
    return lambda: seconds_left() - kept


def converge(reconciliations: Sequence[Reconciliation], seconds_left: Callable[[], float]) -> None:
    """Run a pass for each restore, then more for those on which AWS is only seconds from done.

    Args:
        reconciliations: the restores of one invocation; they wait together, not one after another.
        seconds_left: how long the invocation may still take.

    """
    of_region: dict[tuple[str, str], Any] = {}
    _run_passes(reconciliations, seconds_left, of_region)
    for delay in PASS_DELAYS:
        not_ready = [reconciliation for reconciliation in reconciliations if reconciliation.not_ready]
        if not not_ready or seconds_left() < delay + RESERVED_SECONDS:
            return
        time.sleep(delay)
        _run_passes(not_ready, seconds_left, of_region)


def _run_passes(
    reconciliations: Sequence[Reconciliation],
    seconds_left: Callable[[], float],
    of_region: dict[tuple[str, str], Any],
) -> None:
    """Run a pass for each restore, then continue what is unfinished until it is done or no time is left."""
    while reconciliations and seconds_left() > RESERVED_SECONDS:
        for reconciliation in reconciliations:
            if seconds_left() > RESERVED_SECONDS:
                reconciliation.run_pass(seconds_left, of_region, last=reconciliation is reconciliations[-1])
        reconciliations = [reconciliation for reconciliation in reconciliations if reconciliation.unfinished]
