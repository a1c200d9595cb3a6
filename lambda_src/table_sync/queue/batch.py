"""One batch of messages: each is synced, then done, returned to the queue, or sent to the dead-letter queue."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from table_sync import errors, telemetry
from table_sync.aws import Location, Table
from table_sync.errors import Meaning
from table_sync.queue import backoff, outcome_events
from table_sync.queue.restore_event import NotARestoreError, RestoreRefusedError, parse
from table_sync.report import FAILED, WAITING, Outcome, Report
from table_sync.restore import RestoreClaimedError, RestoreEndedError
from table_sync.settings.setting import Status
from table_sync.sync import Reconciliation
from table_sync.telemetry import logger
from table_sync.time_sharing import converge
from table_sync.which_source import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from table_sync.config import Config
    from table_sync.queue.message import Message
    from table_sync.restore import Restore
    from table_sync.restore_archive import Entry, RestoreArchive

# After so many attempts in a row without the target it counts as deleted, and not before as many
# attempts: DescribeTable may lag behind the restore call.
ATTEMPTS_TO_FIND_TARGET = 3


@dataclass(frozen=True)
class _Begun:
    """One message's attempt, before it."""

    message: Message
    reconciliation: Reconciliation
    target: Table
    entry: Entry | None
    """Of the restore archive, if there is one."""


@dataclass
class _Attempt:
    """One message's attempt."""

    begun: _Begun
    report: Report
    unsent: Exception | None = None
    """Why the outcome event was not sent."""

    @property
    def message(self) -> Message:
        return self.begun.message


class Batch:
    """The messages of one invocation."""

    def __init__(self, config: Config, own: Location, seconds_left: Callable[[], float]) -> None:
        """Prepare, without a call.

        Args:
            config: of the function.
            own: where the function is.
            seconds_left: how long the invocation may still take.

        """
        self._config = config
        self._own = own
        self._seconds_left = seconds_left
        self._returned: list[str] = []
        self._archive = _archive(config, own) if config.records_bucket else None

    def process(self, messages: Sequence[Message]) -> list[str]:
        """Sync the restores of the messages; return the IDs of the messages that must return to the queue."""
        begun = [started for message in messages if (started := self._begin(message))]
        converge([one.reconciliation for one in begun], self._seconds_left)
        attempts = [_Attempt(one, self._report(one.message, one.reconciliation)) for one in begun]
        self._announce(attempts)
        for attempt in attempts:
            with self._returning(attempt.message):
                self._end(attempt)
        telemetry.count([attempt.report for attempt in attempts])
        return self._returned

    @contextmanager
    def _returning(self, message: Message) -> Iterator[None]:
        """Return the message to the queue after an exception, which is logged without any part of the message."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 (one message's failure never stops another)
            logger.error("The message returns to the queue after an error", extra={"reason": errors.anonymous(error)})
            telemetry.count_unanswered()
            self._returned.append(message.id)

    def _begin(self, message: Message) -> _Begun | None:
        """Return what syncs the restore of a message; None if there is nothing to sync."""
        with self._returning(message):
            try:
                restore = parse(message.body, self._own)
            except RestoreRefusedError as refusal:
                logger.info("The restore call failed, so there is nothing to do", extra={"error_code": str(refusal)})
                return None
            except NotARestoreError as error:
                logger.error("The message is moved to the dead-letter queue", extra={"reason": str(error)})
                message.send_to_dead_letter_queue(self._config.dlq_url, str(error))
                return None
            if not self._config.table_filter.admits(restore):
                logger.info(
                    "The tables of the restore are excluded, so there is nothing to do",
                    extra={"target": restore.target},
                )
                return None
            try:
                entry = self._claim(restore, message)
            except (RestoreEndedError, RestoreClaimedError) as other:
                self._leave_to_other_message(message, restore, ended=isinstance(other, RestoreEndedError))
                return None
            target = Table(restore.target)
            reconciliation = Reconciliation(
                Table(restore.source),
                target,
                self._config.enabled,
                passes_to_find_target=ATTEMPTS_TO_FIND_TARGET
                if message.attempt >= ATTEMPTS_TO_FIND_TARGET
                else math.inf,
                adapt=self._config.adapt,
                restore=restore,
                records=Records(self._config.records_bucket, self._own.region),
                attempt=message.attempt,
            )
            return _Begun(message, reconciliation, target, entry)
        return None

    def _claim(self, restore: Restore, message: Message) -> Entry | None:
        if self._archive is None:
            return None
        return self._archive.claim(restore, message, last=message.attempt >= self._config.max_attempts)

    def _leave_to_other_message(self, message: Message, restore: Restore, *, ended: bool) -> None:
        """Drop a second report of a restore once the first has ended: should it never, this one takes over."""
        if ended:
            logger.info("The restore has been processed: nothing to do", extra={"target": restore.target})
            return
        logger.info("Another message processes the restore", extra={"target": restore.target})
        message.return_to_queue(self._config.queue_url, math.floor(self._config.backoff_max_delay_seconds))
        self._returned.append(message.id)

    def _report(self, message: Message, reconciliation: Reconciliation) -> Report:
        """Return the attempt's report; what still waits at the last attempt has failed."""
        report = reconciliation.report
        if report.outcome != WAITING or message.attempt < self._config.max_attempts:
            return report
        return replace(
            report, whole=Outcome(Status.FAILED, f"gave up after {message.attempt} attempts: {report.reason}")
        )

    def _announce(self, attempts: Sequence[_Attempt]) -> None:
        """Send the event of each restore that is in sync or has failed."""
        if not self._config.outcome_events:
            return
        ended = [attempt for attempt in attempts if attempt.report.outcome != WAITING]
        reports = [attempt.report for attempt in ended]
        unsent = outcome_events.put(reports, self._own.region, self._config.event_bus_arn)
        for attempt, error in zip(ended, unsent, strict=True):
            attempt.unsent = error
            if error:
                reason = {"target": attempt.report.target, "reason": errors.explain(error)}
                logger.error("The outcome event was not sent", extra=reason)

    def _end(self, attempt: _Attempt) -> None:
        """Log the attempt, and let its message wait for the next one if there has to be one."""
        message, report, config = attempt.message, attempt.report, self._config
        # In the dead-letter queue nobody would try the event again. The next attempt finds the same outcome.
        again = attempt.unsent is not None and errors.meaning(attempt.unsent) is not Meaning.FINAL
        if report.outcome == WAITING or (again and message.attempt < config.max_attempts):
            # AWS is only seconds from done: the restore's age says nothing about how long that takes.
            number = 1 if attempt.begun.reconciliation.not_ready else message.attempt
            delay = backoff.delay(
                number,
                base=config.backoff_base_seconds,
                rate=config.backoff_rate,
                ceiling=config.backoff_max_delay_seconds,
            )
            telemetry.log(report, attempt=message.attempt, next_attempt_seconds=delay)
            message.return_to_queue(config.queue_url, delay)
            self._returned.append(message.id)
            self._save(attempt, ended=False)
            return
        telemetry.log(report, attempt=message.attempt)
        reasons = [report.reason] if report.outcome == FAILED else []
        if attempt.unsent:
            reasons.append(f"the outcome event ({report.outcome}) was not sent: {errors.explain(attempt.unsent)}")
        if reasons:
            message.send_to_dead_letter_queue(config.dlq_url, "; ".join(reasons))
        self._save(attempt, ended=True, dead_lettered=bool(reasons))

    def _save(self, attempt: _Attempt, *, ended: bool, dead_lettered: bool = False) -> None:
        """Archive the attempt. After all else: a crash before it makes the message come back."""
        if self._archive is None:
            return
        active = attempt.begun.target.description.get("TableStatus") in {"ACTIVE", "UPDATING"}
        entry, message = attempt.begun.entry, attempt.message
        self._archive.save(entry, attempt.report, message, active=active, ended=ended, dead_lettered=dead_lettered)


def _archive(config: Config, own: Location) -> RestoreArchive:
    # Without enable_records, a cold start is shorter without it.
    from table_sync.restore_archive import RestoreArchive  # noqa: PLC0415

    return RestoreArchive(config.records_bucket, own.region, config.backoff_max_delay_seconds)
