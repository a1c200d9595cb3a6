"""The table of costs in README.md, computed from the attempts that restores take."""

from __future__ import annotations

from scripts import attempts
from scripts.terraform_files import defaults
from table_sync.settings import SETTINGS
from table_sync.time_sharing import PASS_DELAYS
from tests.support.alarms import DEFAULT as DEFAULT_ALARMS

# US dollars in us-east-1: aws.amazon.com/lambda/pricing, /sqs/pricing, /cloudwatch/pricing and /eventbridge/pricing.
LAMBDA_REQUEST = 0.20 / 1e6
LAMBDA_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
SQS_REQUEST = 0.40 / 1e6
LOGGED_GB = 0.50
METRIC_HOUR = 0.30 / 720
ALARM_MONTH = 0.10
CUSTOM_EVENT = 1.00 / 1e6

# Rounded up: the last attempt waits for AWS, and its calls take about 10 s.
WAITING_SECONDS, LAST_SECONDS = 1, sum(PASS_DELAYS) + 11
# What Lambda itself logs of an invocation is in it, about 1 kB.
WAITING_BYTES, LAST_BYTES = 3_000, 20_000

# Lambda developer guide, Configuring scaling behavior for SQS event source mappings, and its polls of 20 s.
POLLERS, POLL_SECONDS = 5, 20
MONTH_SECONDS = 730 * 3600

RESTORES = {"10 minutes": 600, "1 hour": 3600, "6 hours": 6 * 3600, "24 hours": 24 * 3600}


def of_restore(seconds: float) -> dict[str, float]:
    """Return what a restore of that length costs, in dollars by service."""
    inputs = defaults()
    waiting = attempts.count(seconds) - 1
    gigabytes = inputs["memory_size"] / 1024
    run = (waiting * WAITING_SECONDS + LAST_SECONDS) * gigabytes
    # One hour of each setting's metric and of the outcome's, and of `Waiting` for as long as the restore takes.
    metric_hours = len(SETTINGS) + 1 + max(1, seconds / 3600)
    return {
        "Lambda": (waiting + 1) * LAMBDA_REQUEST + run * LAMBDA_GB_SECOND[inputs["architecture"]],
        # Each attempt receives the message, and returns or deletes it; EventBridge sends once.
        "SQS": (1 + 2 * (waiting + 1)) * SQS_REQUEST,
        "Logs": (waiting * WAITING_BYTES + LAST_BYTES) / 1e9 * LOGGED_GB,
        "Metrics": metric_hours * METRIC_HOUR,
        "Event": CUSTOM_EVENT,
    }


def polls_of_month() -> float:
    """Return how often Lambda polls the empty queue in a month."""
    return POLLERS * MONTH_SECONDS / POLL_SECONDS


def table() -> str:
    """Return the table as Markdown, and the costs of a month in which nothing is restored."""
    services = list(of_restore(0))
    rows = [f"| Restore takes | Attempts | {' | '.join(services)} | Total |", "| --- " * (len(services) + 3) + "|"]
    for name, seconds in RESTORES.items():
        costs = of_restore(seconds)
        cells = [name, str(attempts.count(seconds)), *map(dollars, costs.values()), dollars(sum(costs.values()))]
        rows.append(f"| {' | '.join(cells)} |")
    alarms = len(DEFAULT_ALARMS) * ALARM_MONTH
    idle = (
        f"Without any restore a month costs ${alarms:.2f} for the alarms, and Lambda polls the empty queue "
        f"{polls_of_month():,.0f} times (${polls_of_month() * SQS_REQUEST:.2f}, or nothing within SQS's free million)."
    )
    return "\n".join([*rows, "", idle])


def dollars(amount: float) -> str:
    """Return an amount as the tables show it."""
    return f"${amount:.4f}" if amount >= 0.00005 else "< $0.0001"  # noqa: PLR2004 (what four digits can say)
