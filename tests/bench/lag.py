"""How long after ACTIVE a restore is looked at, after how many looks, and what Lambda charges for them."""

from __future__ import annotations

import random
import re
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from table_sync import backoff
from table_sync.config import Config
from tests.bench.figure import Figure, Limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.sync_figures import Sync

VARIABLES = Path(__file__).parents[2] / "variables.tf"
DURATIONS = {"5 minutes": 300, "1 hour": 3600, "24 hours": 86400}
SEEDS = 1000
MOST_SECONDS = 120

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
class Looks:
    """When a restore was found ACTIVE, in seconds after it was, and at which attempt."""

    lag: float
    attempts: int


def looks(restore_seconds: float, seed: int) -> Looks:
    """Follow the module's default inputs from the restore to the first attempt that finds the table ACTIVE."""
    random.seed(seed)
    config = Config.from_environment({})
    at, attempts = default_of("initial_delay_seconds"), 1
    while at < restore_seconds:
        at += backoff.delay(
            attempts,
            base=config.backoff_base_seconds,
            rate=config.backoff_rate,
            ceiling=config.backoff_max_delay_seconds,
        )
        attempts += 1
    return Looks(at - restore_seconds, attempts)


def default_of(name: str) -> float:
    """Return the default of one of the module's inputs that is a number."""
    block = re.search(rf'^variable "{name}" {{$(.*?)^}}$', VARIABLES.read_text(), re.MULTILINE | re.DOTALL)
    default = re.search(r"^ +default += (\S+)$", block[1], re.MULTILINE) if block else None
    if default is None:
        raise LookupError(f"variables.tf has no default of {name}: give it one, or drop what asks for it.")
    return float(default[1])


def cost(attempts: float, sync: Sync) -> float:
    """Return what Lambda charges for a restore (USD): `attempts`, the last of which makes `sync`."""
    seconds = (attempts - 1) * CALLS_OF_WAITING * CALL_SECONDS + sync.slept + len(sync.calls) * CALL_SECONDS
    gigabytes = default_of("memory_size") / MEGABYTES_PER_GB
    return attempts * USD_PER_REQUEST + seconds * gigabytes * USD_PER_GB_SECOND


def figures(sync: Sync, seeds: int = SEEDS) -> list[Figure]:
    """Measure restores of several lengths with as many seeds of the jitter."""
    found = []
    for name, seconds in DURATIONS.items():
        drawn = [looks(seconds, seed) for seed in range(seeds)]
        found += _figures_of(f"restore of {name}", drawn, sync)
    lengths = random.Random(0)  # noqa: S311 (no secret depends on it)
    drawn = [looks(lengths.uniform(60, 86400), seed) for seed in range(seeds)]
    return [*found, Figure("Lag", "restore of any length, worst", max(look.lag for look in drawn), "s", _LIMIT)]


def _figures_of(name: str, drawn: Sequence[Looks], sync: Sync) -> list[Figure]:
    attempts = statistics.median(look.attempts for look in drawn)
    return [
        Figure("Lag", f"{name}, median", statistics.median(look.lag for look in drawn), "s"),
        Figure("Lag", f"{name}, worst", max(look.lag for look in drawn), "s", _LIMIT),
        Figure("Lag", f"{name}, attempts, median", attempts, ""),
        Figure("Lag", f"{name}, Lambda cost", cost(attempts, sync), "USD"),
    ]


_LIMIT = Limit(most=MOST_SECONDS)
