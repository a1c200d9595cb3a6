"""The Lambda's door: SQS batches and direct invocation."""

# ruff: noqa: E402 (imports come after what makes them faster)
from __future__ import annotations

import gc

# What is imported stays: looking for garbage in it, again and again, would only make a cold start longer.
gc.disable()

import math
import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from botocore.exceptions import BotoCoreError, ClientError

from table_sync import backoff, errors, invocation, outcome_events, queue, telemetry
from table_sync.aws import Location, Table
from table_sync.config import Config
from table_sync.errors import Meaning
from table_sync.invocation import InvocationRefusedError
from table_sync.report import FAILED, WAITING, Outcome, Report
from table_sync.restore import NotARestoreError, RestoreRefusedError, parse
from table_sync.settings import SETTINGS
from table_sync.settings.setting import Status
from table_sync.sync import Reconciliation, converge
from table_sync.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


# So many looks in a row must miss the target until it counts as gone, and not before as many
# attempts: DescribeTable may lag behind the restore call.
LOOKS_FOR_TARGET = 3


# What the function reads of an SQS record (Lambda developer guide, Using Lambda with Amazon SQS).
_RECORD_KEYS = ("messageId", "receiptHandle", "body", "awsRegion")


class _ExcludedError(Exception):
    """The restore is none of those that are looked after; the message is its target."""


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON, LambdaContext)
    """Serve an SQS event or a direct invocation.

    Args:
        event: an SQS event, or {"source_table": ..., "target_table": ...} with names or ARNs, and optionally `dry_run`
            (false), `only` (a list of settings) and `allow_younger_source` (false). Anything else is refused.
        context: the runtime's context object.

    Returns:
        for SQS, {"batchItemFailures": [{"itemIdentifier": messageId}, ...]}; for an invocation, the report.

    Raises:
        ConfigurationError: an environment variable has a value that is not allowed.

    """
    config = Config.from_environment(os.environ)
    own = Location.of(context.invoked_function_arn)

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    if _is_sqs_event(event):
        returned = _sync_batch(event["Records"], config, own, seconds_left)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in returned]}
    return _sync_invocation(event, config, own, seconds_left)


def _is_sqs_event(event: Any) -> TypeGuard[Mapping[str, Any]]:  # noqa: ANN401 (any JSON)
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records or len(event) > 1:
        return False
    return all(
        isinstance(record, dict)
        and all(isinstance(record.get(key), str) for key in _RECORD_KEYS)
        and isinstance(record.get("attributes"), dict)
        and str(record["attributes"].get("ApproximateReceiveCount")).isdecimal()
        for record in records
    )


def _sync_batch(
    records: Sequence[Mapping[str, Any]], config: Config, own: Location, seconds_left: Callable[[], float]
) -> Sequence[str]:
    """Return the IDs of the messages that must come back."""
    returned: list[str] = []
    begun: list[tuple[Mapping[str, Any], Reconciliation]] = []
    for record in records:
        with _nothing_lost(record, returned):
            try:
                begun.append((record, _begin(record, config, own)))
            except RestoreRefusedError as refusal:
                logger.info("The restore itself had failed: nothing to do", extra={"error_code": str(refusal)})
            except _ExcludedError as excluded:
                logger.info("The restore is excluded: nothing to do", extra={"target": str(excluded)})
            except NotARestoreError as error:
                logger.error("The message is moved to the dead-letter queue", extra={"reason": str(error)})
                queue.quarantine(record, config.dlq_url, str(error))
    converge([reconciliation for _, reconciliation in begun], seconds_left)
    reports = {
        record["messageId"]: _conclude(record, reconciliation.report, config) for record, reconciliation in begun
    }
    unsent = _announce(reports, config)
    for record, reconciliation in begun:
        with _nothing_lost(record, returned):
            message_id = record["messageId"]
            if not _end(record, reports[message_id], config, unsent.get(message_id), settling=reconciliation.settling):
                returned.append(message_id)
    telemetry.count(reports.values())
    return returned


@contextmanager
def _nothing_lost(record: Mapping[str, Any], returned: list[str]) -> Iterator[None]:
    """Have the message come back after an exception, which is logged without a word of the message."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 (one record's failure never stops another)
        logger.error("The message comes back after an error", extra={"reason": _anonymous(error)})
        telemetry.count_unanswered()
        returned.append(record["messageId"])


def _anonymous(error: Exception) -> str:
    if isinstance(error, (BotoCoreError, ClientError)):
        return errors.explain(error)
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f"{os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno}" if frame else "?"  # noqa: PTH119
    return f"{type(error).__name__} at {where}"


def _begin(record: Mapping[str, Any], config: Config, own: Location) -> Reconciliation:
    restore = parse(record["body"], own)
    if not config.selection.admits(restore):
        raise _ExcludedError(restore.target)
    looks = LOOKS_FOR_TARGET if queue.attempt(record) >= LOOKS_FOR_TARGET else math.inf
    source, target = Table(restore.source), Table(restore.target)
    return Reconciliation(source, target, config.enabled, looks_for_target=looks, adapt=config.adapt, restore=restore)


def _conclude(record: Mapping[str, Any], report: Report, config: Config) -> Report:
    """Return the attempt's report; what still waits at the last attempt has failed."""
    attempt = queue.attempt(record)
    if report.outcome != WAITING or attempt < config.max_attempts:
        return report
    return replace(report, whole=Outcome(Status.FAILED, f"gave up after {attempt} attempts: {report.reason}"))


def _announce(reports: Mapping[str, Report], config: Config) -> Mapping[str, Exception]:
    """Send the event of each restore that is over; return by message ID why one was not sent."""
    if not config.outcome_events:
        return {}
    over = {message_id: report for message_id, report in reports.items() if report.outcome != WAITING}
    unsent = outcome_events.put(over, os.environ["AWS_REGION"], config.event_bus_arn)
    for message_id, error in unsent.items():
        reason = {"target": over[message_id].target, "reason": errors.explain(error)}
        logger.error("The outcome event was not sent", extra=reason)
    return unsent


def _end(
    record: Mapping[str, Any], report: Report, config: Config, unsent: Exception | None, *, settling: bool
) -> bool:
    """Log the attempt and say whether the message is done with; one that is not waits for its next look.

    Args:
        record: the message.
        report: of the attempt.
        config: of the function.
        unsent: why the outcome event was not sent.
        settling: AWS is only seconds from done, and the restore's age says nothing about how long that takes.

    """
    attempt = queue.attempt(record)
    # In the dead-letter queue nobody would try the event again. The next attempt's comparison finds the same outcome.
    again = unsent is not None and errors.meaning(unsent) is not Meaning.FINAL
    if report.outcome == WAITING or (again and attempt < config.max_attempts):
        delay = backoff.delay(
            1 if settling else attempt,
            base=config.backoff_base_seconds,
            rate=config.backoff_rate,
            ceiling=config.backoff_max_delay_seconds,
        )
        telemetry.log(report, attempt=attempt, next_look_seconds=delay)
        queue.hand_back(record, config.queue_url, delay)
        return False
    telemetry.log(report, attempt=attempt)
    reasons = [report.reason] if report.outcome == FAILED else []
    if unsent:
        reasons.append(f"the outcome event ({report.outcome}) was not sent: {errors.explain(unsent)}")
    if reasons:
        queue.quarantine(record, config.dlq_url, "; ".join(reasons))
    return True


def _sync_invocation(
    event: Any,  # noqa: ANN401 (any JSON)
    config: Config,
    own: Location,
    seconds_left: Callable[[], float],
) -> dict[str, Any]:
    try:
        asked = invocation.parse(event, own, config.enabled)
    except InvocationRefusedError as refusal:
        return _refused(event, str(refusal))
    reconciliation = Reconciliation(
        asked.source,
        asked.target,
        config.enabled,
        dry_run=asked.dry_run,
        adapt=config.adapt,
        selected=asked.selected,
        allow_younger_source=asked.allow_younger_source,
    )
    converge([reconciliation], seconds_left)
    telemetry.log(reconciliation.report, dry_run=asked.dry_run)
    telemetry.count([reconciliation.report], dry_run=asked.dry_run)
    return reconciliation.report.as_dict()


def _refused(event: Any, reason: str) -> dict[str, Any]:  # noqa: ANN401 (any JSON)
    refusal = Outcome(Status.FAILED, reason)
    given = event if isinstance(event, dict) else {}
    tables = (str(given.get("source_table", "")), str(given.get("target_table", "")))
    return Report(*tables, {setting.NAME: refusal for setting in SETTINGS}, refusal).as_dict()


gc.freeze()
gc.enable()
