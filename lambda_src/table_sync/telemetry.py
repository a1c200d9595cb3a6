"""The log lines and the metrics: what standard output carries, one JSON object a line."""

from __future__ import annotations

import logging
import os
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import botocore
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from table_sync import __version__
from table_sync.report import DIFFERS, FAILED, IN_SYNC, WAITING, Report
from table_sync.settings.setting import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NAMESPACE = "DynamoDBTableSync"
_SERVICE = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "dynamodb-pitr-table-sync")
_METRICS = {IN_SYNC: "InSync", WAITING: "Waiting", FAILED: "Failed", DIFFERS: "Differs"}

# Lambda takes a line without a timestamp of RFC 3339 for one of INFO (its developer guide, Log-level filtering).
# Which boto3 a runtime has differs by Region and time; botocore has the same version, and is imported already.
logger = Logger(service=_SERVICE, level="INFO", use_rfc3339=True, version=__version__, botocore=botocore.__version__)
# An argument would give way to the level that Lambda itself is set to.
logging.getLogger(_SERVICE).setLevel(os.environ.get("LOG_LEVEL", "INFO"))
# At INFO these tell where credentials were found, at DEBUG they log requests whole, credentials included.
for _name in ("botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def log(report: Report, **more: Any) -> None:  # noqa: ANN401 (any JSON)
    """Write the one line of an attempt: the report's fields, and `more`."""
    write = logger.error if report.outcome == FAILED else logger.info
    write(f"{report.target.rpartition('/')[2]}: {report.outcome}", extra=more | report.as_dict())


def count(reports: Collection[Report], *, dry_run: bool = False) -> None:
    """Write in the embedded metric format how attempts ended, and how each setting did unless it was a dry run.

    The metrics of settings have the setting's name and the dimension `status`, so that they take a line a status. An
    attempt that waits counts what it has written, since the last one may find it done.
    """
    _write(Counter(_METRICS[report.outcome] for report in reports))
    statuses: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for report in () if dry_run else reports:
        for name, outcome in report.settings.items():
            if report.outcome != WAITING:
                statuses[outcome.status.value][name] += 1
            elif outcome.changes:
                statuses[Status.APPLIED.value][name] += 1
    for status, settings in statuses.items():
        _write(settings, status=status)


def count_unanswered() -> None:
    """Write that a message comes back which could neither be finished nor handed back."""
    _write({"Unanswered": 1})


def count_tables(recorded: int, failed: int) -> None:
    """Write how many tables are recorded, changed or not, and how many cannot be recorded."""
    _write({"TablesRecorded": recorded, "TablesNotRecorded": failed})


def count_sweep(age: float) -> None:
    """Write that a sweep of all tables is finished, and how many seconds ago it started."""
    _write({"SweepsFinished": 1})
    line = EphemeralMetrics(service=_SERVICE, namespace=NAMESPACE)
    line.add_metric(name="SweepAge", unit=MetricUnit.Seconds, value=age)
    line.flush_metrics()


def count_archive_failure() -> None:
    """Write that the restore archive could not be used."""
    _write({"RestoreArchiveFailed": 1})


def count_event_history(sent: int, *, succeeded: bool) -> None:
    """Write whether the event history was queried up to now without an error, and how many restores only it had."""
    _write({"EventHistoryQueried": int(succeeded), "EventHistoryRestores": sent})


def count_event_history_failure() -> None:
    """Write that a query of the event history has met an error."""
    _write({"EventHistoryFailed": 1})


def _write(counts: Mapping[str, int], **dimensions: str) -> None:
    if not counts:
        return
    line = EphemeralMetrics(service=_SERVICE, namespace=NAMESPACE, dimension_set=dimensions)
    for name, value in counts.items():
        line.add_metric(name=name, unit=MetricUnit.Count, value=value)
    line.flush_metrics()
