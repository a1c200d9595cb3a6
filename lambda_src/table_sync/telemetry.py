"""The log lines and the metrics: what standard output carries, one JSON object a line."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from table_sync.report import DIFFERS, FAILED, IN_SYNC, WAITING, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

_SERVICE = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "dynamodb-pitr-table-sync")
_METRICS = {IN_SYNC: "InSync", WAITING: "Waiting", FAILED: "Failed", DIFFERS: "Differs"}

logger = Logger(service=_SERVICE, level=os.environ.get("LOG_LEVEL", "INFO"))
_metrics = Metrics(service=_SERVICE, namespace="DynamoDBTableSync")


def log(report: Report, **more: Any) -> None:  # noqa: ANN401 (any JSON)
    """Write the one line of an attempt: the report's fields, and `more`."""
    write = logger.error if report.outcome == FAILED else logger.info
    write(f"{report.target.rpartition('/')[2]}: {report.outcome}", extra=report.as_dict() | more)


def count(reports: Iterable[Report]) -> None:
    """Write the attempts by outcome, in the embedded metric format."""
    for outcome, attempts in Counter(report.outcome for report in reports).items():
        _metrics.add_metric(name=_METRICS[outcome], unit=MetricUnit.Count, value=attempts)
    if _metrics.metric_set:
        _metrics.flush_metrics()
