"""How long after ACTIVE a restore is noticed, after how many attempts, and what Lambda charges for them."""

from __future__ import annotations

import math
import random
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import scripts.attempts
from scripts.terraform_files import defaults
from table_sync.config import Config
from table_sync.queue import backoff
from tests.bench.figure import Figure, Limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.sync_figures import Sync

DURATIONS = {"5 minutes": 300, "1 hour": 3600, "24 hours": 86400}
SEEDS = 1000
# A restore of up to five minutes is noticed within 25 s, a longer one within 2.5 % of its age plus 15 s, each within
# three minutes.
SHORT_SECONDS, MOST_OF_SHORT = 300, 25
MOST_SHARE, MOST_BESIDE = 0.025, 15
MOST_SECONDS = 180
LEAST_HOURS = 36

PRICE = (
    "0.0000133334 USD per GB-second and 0.20 USD per million requests (Lambda pricing page, US East (N. Virginia), "
    "arm64, first tier, September 2026, without the free tier)"
)
USD_PER_GB_SECOND = 0.0000133334
USD_PER_REQUEST = 0.20 / 1_000_000
MEGABYTES_PER_GB = 1024
# Assumed, since only AWS could tell: a control plane call takes so long, and nothing else of a warm attempt counts.
CALL_SECONDS = 0.05
# DescribeTable, ChangeMessageVisibility.
CALLS_OF_WAITING = 2


@dataclass(frozen=True)
class NoticedRestore:
    """When a restore was found ACTIVE, in seconds after it was, at which attempt, and how long it had taken."""

    lag: float
    attempts: int
    restore_seconds: float


def simulate(restore_seconds: float, seed: int) -> NoticedRestore:
    """Follow the module's default inputs from the restore to the first attempt that finds the table ACTIVE."""
    random.seed(seed)
    config = Config.from_environment({})
    at, attempts = defaults()["initial_delay_seconds"], 1
    while at < restore_seconds:
        at += backoff.delay(
            attempts,
            base=config.backoff_base_seconds,
            rate=config.backoff_rate,
            ceiling=config.backoff_max_delay_seconds,
        )
        attempts += 1
    return NoticedRestore(at - restore_seconds, attempts, restore_seconds)


def cost(attempts: float, sync: Sync) -> float:
    """Return what Lambda charges for a restore (USD): `attempts`, the last of which makes `sync`."""
    seconds = (attempts - 1) * CALLS_OF_WAITING * CALL_SECONDS + sync.slept + len(sync.calls) * CALL_SECONDS
    gigabytes = defaults()["memory_size"] / MEGABYTES_PER_GB
    return attempts * USD_PER_REQUEST + seconds * gigabytes * USD_PER_GB_SECOND


def figures(sync: Sync, seeds: int = SEEDS) -> list[Figure]:
    """Measure restores of several lengths with as many seeds of the jitter."""
    found = []
    for name, seconds in DURATIONS.items():
        drawn = [simulate(seconds, seed) for seed in range(seeds)]
        found += _figures_of(f"restore of {name}", drawn, sync)
    lengths = random.Random(0)  # noqa: S311 (no secret depends on it)
    short = [simulate(lengths.uniform(60, SHORT_SECONDS), seed) for seed in range(seeds)]
    # As many of each order of magnitude: the share is largest where restores are still short.
    long = [simulate(math.exp(lengths.uniform(*_LONG)), seed) for seed in range(seeds)]
    share = max((restore.lag - MOST_BESIDE) / restore.restore_seconds for restore in long)
    hours = scripts.attempts.schedule(scripts.attempts.shortest)[-1].seconds / 3600
    return [
        *found,
        _worst("restore of up to 5 minutes", short, MOST_OF_SHORT),
        Figure("Lag", "longer restore, worst share of its age beyond 15 s", share, "", Limit(most=MOST_SHARE)),
        _worst("longer restore", long, MOST_SECONDS),
        Figure("Lag", "covered by all attempts, at least", hours, "h", Limit(least=LEAST_HOURS)),
    ]


def allowed(restore_seconds: float) -> float:
    """Return how late a restore of that length may be noticed (seconds)."""
    if restore_seconds <= SHORT_SECONDS:
        return MOST_OF_SHORT
    return min(MOST_SECONDS, MOST_SHARE * restore_seconds + MOST_BESIDE)


def _worst(name: str, drawn: Sequence[NoticedRestore], most: float) -> Figure:
    return Figure("Lag", f"{name}, worst", max(restore.lag for restore in drawn), "s", Limit(most=most))


def _figures_of(name: str, drawn: Sequence[NoticedRestore], sync: Sync) -> list[Figure]:
    attempts = statistics.median(restore.attempts for restore in drawn)
    return [
        Figure("Lag", f"{name}, median", statistics.median(restore.lag for restore in drawn), "s"),
        _worst(name, drawn, allowed(drawn[0].restore_seconds)),
        Figure("Lag", f"{name}, attempts, median", attempts, ""),
        Figure("Lag", f"{name}, Lambda cost", cost(attempts, sync), "USD"),
    ]


_LONG = (math.log(SHORT_SECONDS), math.log(86400))
