"""A day in which tables are restored on the embedded AWS, and the metrics that CloudWatch would have of it.

Sources: SQS developer guide, "Available CloudWatch metrics for Amazon SQS"; Lambda developer guide, "Types of metrics
for Lambda functions". On the embedded clock only the function's pauses take time, so its shorter runs take none.
"""

from __future__ import annotations

import json
import logging
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from table_sync import handler, telemetry
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_metrics import Series, embedded_metrics
from tests.support.pipeline import Pipeline
from tests.support.tables import make_source, restore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.embedded_aws.sqs import Message

# 2027-01-15T00:00:00Z.
START = 1_799_971_200.0
HOURS = 24
# The dashboard's, and how often SQS sends its metrics, in seconds.
PERIOD = 300
MINUTE = 60
# The module's default. The pipeline calls itself otherwise.
NAME = "dynamodb-pitr-table-sync"
# When (in hours), how many at once, and how long they take in minutes.
RESTORES = [
    (1.5, 1, 6),
    (4.2, 1, 45),
    (6.0, 5, 14),
    (9.1, 1, 9),
    (11.3, 2, 25),
    (14.0, 1, 12),
    (16.4, 3, 90),
    (20.0, 1, 8),
]
# The function may not copy tags in these hours.
DENIED = (13.5, 15.0)
# An operator redrives the dead-letter queue.
REDRIVEN = 15.5


@dataclass
class Day:
    """What CloudWatch has: of each metric (namespace, name, dimensions) the values of each period, and the log."""

    metrics: defaultdict[Series, defaultdict[int, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    log: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """When, and what a line says."""

    def put(self, series: Series, at: float, value: float) -> None:
        """Take a value at a time (epoch seconds)."""
        self.metrics[series][int((at - START) // PERIOD)].append(value)


def live_through() -> Day:
    """Let the day pass; return what CloudWatch has at its end, the same each time."""
    random.seed(0)
    day = Day()
    quiet = patch.object(logging.getLogger(telemetry.logger.name), "propagate", new=False)
    with quiet, EmbeddedAWS(start=START - 2 * 3600) as aws:

        def timed(event: Any, context: Any) -> Any:
            began = aws.clock.now()
            try:
                return handler.lambda_handler(event, context)
            finally:
                milliseconds = (aws.clock.now() - began) * 1000
                day.put(_of_function("Duration"), began, milliseconds)

        with Pipeline(aws, timed) as pipeline:
            make_source(aws)
            aws.clock.advance(START - aws.clock.now())
            lasts: dict[str, float] = {}
            aws.restore_seconds = lasts.__getitem__
            plans = sorted(_plans(), reverse=True)
            for minute in range(HOURS * 60):
                while plans and plans[-1][0] < START + (minute + 1) * MINUTE:
                    _, target, lasts[target] = plans.pop()
                    restore(aws, "orders", target)
                _deny_and_redrive(pipeline, minute)
                before = len(pipeline.invocations)
                pipeline.run_for(START + (minute + 1) * MINUTE - aws.clock.now())
                _measure(day, pipeline, before)
    return day


def _plans() -> Iterator[tuple[float, str, float]]:
    for hour, count, minutes in RESTORES:
        for number in range(count):
            name = f"orders-{int(hour):02}{int(hour % 1 * 60):02}" + (f"-{number + 1}" if count > 1 else "")
            yield START + hour * 3600 + number, name, (minutes + 7 * number) * MINUTE


def _deny_and_redrive(pipeline: Pipeline, minute: int) -> None:
    if minute == DENIED[0] * 60:
        message = "not authorized to perform dynamodb:TagResource"
        pipeline.aws.faults.add("TagResource", "AccessDeniedException", message, times=float("inf"))
    if minute == DENIED[1] * 60:
        pipeline.aws.faults.clear()
    if minute == REDRIVEN * 60:
        queues = {"SourceArn": pipeline.function.dlq_arn, "DestinationArn": pipeline.function.queue_arn}
        pipeline.aws.client("sqs").start_message_move_task(**queues)


def _measure(day: Day, pipeline: Pipeline, first: int) -> None:
    """Take the metrics of a minute that is over."""
    aws = pipeline.aws
    for invocation in pipeline.invocations[first:]:
        for name, count in (("Invocations", 1), ("Errors", invocation.error is not None), ("Throttles", 0)):
            day.put(_of_function(name), invocation.at, count)
        for line in map(json.loads, invocation.log_lines):
            day.log.append((invocation.at, line))
            for series, value in embedded_metrics(line):
                day.put(series, invocation.at, value)
    now = aws.clock.now() - 1
    for queue_name, arn in ((NAME, pipeline.function.queue_arn), (f"{NAME}-dlq", pipeline.function.dlq_arn)):
        for name, value in _of_queue(aws.sqs.messages(arn), now):
            day.put(Series("AWS/SQS", name, frozenset({("QueueName", queue_name)})), now, value)


def _of_function(name: str) -> Series:
    return Series("AWS/Lambda", name, frozenset({("FunctionName", NAME)}))


def _of_queue(messages: list[Message], now: float) -> Iterator[tuple[str, float]]:
    later = [message for message in messages if message.visible_at > now * 1000]
    delayed = [message for message in later if message.receive_count == 0]
    yield "ApproximateNumberOfMessagesDelayed", len(delayed)
    yield "ApproximateNumberOfMessagesNotVisible", len(later) - len(delayed)
    yield "ApproximateNumberOfMessagesVisible", len(messages) - len(later)
