"""The table of what records cost in README.md, computed from what a sweep takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.costs import (
    ALARM_MONTH,
    LAMBDA_GB_SECOND,
    LAMBDA_REQUEST,
    METRIC_HOUR,
    MONTH_SECONDS,
    SQS_REQUEST,
    dollars,
    polls_of_month,
)
from scripts.terraform_files import ROOT, bodies, defaults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# US dollars in us-east-1: aws.amazon.com/s3/pricing, S3 Standard. What else a sweep calls is free.
S3_PRICES = {"s3:GetObject": 0.0004 / 1000, "s3:ListObjectsV2": 0.005 / 1000, "s3:PutObject": 0.005 / 1000}
S3_GB_MONTH = 0.023

# Rounded up; tests/proof/test_sweep.py compares them, where a call takes 0.05 s. A part takes most of the recorder's
# timeout.
SECONDS_OF_SWEEP, SECONDS_OF_TABLE = 5, 0.5
PART_SECONDS = 800
RECORD_BYTES = 3_000

A_DAY = 24 * 3600
# Assumed: so many changes of a table. Whoever records one lists all alarms of the Region, at 4.5 pages a second.
CHANGES_OF_MONTH, CHANGE_SECONDS = 1, 2
ALARMS_OF_TABLE, ALARM_SECONDS = 1, 1 / 100 / 4.5
# recording/event_history.py: every five minutes, and what is written without news.
LOOK_UP_SECONDS, LOOK_UPS_OF_MONTH, WRITTEN_LOOK_UPS_OF_MONTH = 1, MONTH_SECONDS / 300, MONTH_SECONDS / 1800
# EventHistoryQueried and EventHistoryRestores in each hour; TablesRecorded, TablesNotRecorded, SweepsFinished and
# SweepAge while a sweep runs.
METRICS_OF_LOOK_UPS, METRICS_OF_SWEEP = 2, 4
ALARMS = 2
TABLES = (100, 10_000)


@dataclass(frozen=True)
class Expected:
    """What a sweep of some tables takes at most."""

    seconds: float
    calls: Mapping[str, float]
    invocations: float

    @property
    def costs(self) -> dict[str, float]:
        """Dollars by service."""
        return _costs(self.calls, self.seconds, self.invocations)


def of_sweep(calls: Mapping[str, float], billed: Sequence[float]) -> dict[str, float]:
    """Return what a sweep costs, in dollars by service.

    Args:
        calls: of the recorder, by service and operation.
        billed: how long each of its invocations is, in seconds.

    """
    return _costs(calls, sum(billed), len(billed))


def expected(tables: int, *, is_first: bool = False) -> Expected:
    """Return what a sweep of so many tables takes at most."""
    seconds = SECONDS_OF_SWEEP + SECONDS_OF_TABLE * tables
    parts = 2 + seconds // PART_SECONDS
    calls = {
        "s3:PutObject" if is_first else "s3:GetObject": tables,
        "s3:ListObjectsV2": 1 + parts + tables / 1000,
        "sqs:SendMessage": parts,
    }
    return Expected(seconds, calls, 1 + parts)


def _costs(calls: Mapping[str, float], seconds: float, invocations: float) -> dict[str, float]:
    # Lambda receives and deletes the message of each invocation but the first, which has none.
    requests = calls.get("sqs:SendMessage", 0) + 2 * (invocations - 1)
    return {
        "Lambda": _lambda(seconds, invocations),
        "S3": sum(price * calls.get(name, 0) for name, price in S3_PRICES.items()),
        "SQS": requests * SQS_REQUEST,
    }


def _lambda(seconds: float, invocations: float) -> float:
    megabytes: int = bodies("resource", [ROOT / "records.tf"])["aws_lambda_function.recorder"]["memory_size"]
    price = LAMBDA_GB_SECOND[defaults()["architecture"]]
    return invocations * LAMBDA_REQUEST + seconds * megabytes / 1024 * price


def of_month(tables: int) -> dict[str, float]:
    """Return what records of so many tables cost in a month, in dollars by service."""
    days = MONTH_SECONDS / A_DAY
    sweep = expected(tables)
    retention_months = defaults()["records_retention_days"] / days
    versions = tables * (1 + CHANGES_OF_MONTH * retention_months)
    changes = tables * CHANGES_OF_MONTH
    change_seconds = CHANGE_SECONDS + tables * ALARMS_OF_TABLE * ALARM_SECONDS
    look_ups = _lambda(LOOK_UPS_OF_MONTH * LOOK_UP_SECONDS, LOOK_UPS_OF_MONTH)
    written = (changes + WRITTEN_LOOK_UPS_OF_MONTH) * S3_PRICES["s3:PutObject"]
    read = (changes + LOOK_UPS_OF_MONTH) * S3_PRICES["s3:GetObject"]
    metric_hours = METRICS_OF_LOOK_UPS * MONTH_SECONDS / 3600 + METRICS_OF_SWEEP * days * -(-sweep.seconds // 3600)
    besides = Counter(
        {
            "Lambda": look_ups + _lambda(changes * change_seconds, changes),
            "S3": read + written + versions * RECORD_BYTES / 1e9 * S3_GB_MONTH,
            "SQS": (polls_of_month() + 3 * changes) * SQS_REQUEST,
            "Metrics and alarms": metric_hours * METRIC_HOUR + ALARMS * ALARM_MONTH,
        }
    )
    return {service: days * sweep.costs.get(service, 0) + amount for service, amount in besides.items()}


def table() -> str:
    """Return the table as Markdown."""
    services = list(of_month(0))
    headers = ["Tables", "A sweep takes", "First sweep", *services, "A month"]
    rows = [f"| {' | '.join(headers)} |", "| --- " * len(headers) + "|"]
    for tables in TABLES:
        costs = of_month(tables)
        first = sum(expected(tables, is_first=True).costs.values())
        minutes = max(1, round(expected(tables).seconds / 60))
        cells = [f"{tables:,}", f"{minutes} min", dollars(first)]
        cells += [f"${amount:.2f}" for amount in (*costs.values(), sum(costs.values()))]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
