"""One batch of the recorder's messages: each is recorded and done, or returned to the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from table_sync import telemetry
from table_sync.aws import Table, time_limit
from table_sync.errors import BusyError
from table_sync.recording.pace import Pace
from table_sync.recording.sweep import Sweep
from table_sync.recording.table_recorder import TableRecorder, passes, reason
from table_sync.recording.task import NotATaskError, Task, parse
from table_sync.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from table_sync.aws import Location
    from table_sync.queue.message import Message
    from table_sync.recording.recorder_config import RecorderConfig
    from table_sync.recording.task import SweepPart

# No call begins when so few seconds are left: there has to be time to return messages.
_RESERVE_SECONDS = 20
# When a message comes back: soon if AWS throttles, later if only a person can help.
_SOON_SECONDS, _LATE_SECONDS = 60, 900
# What AWS has refused so often does not pass by itself: a service that the network does not reach looks throttled, too.
_MOST_SOON = 5


class RecorderBatch:
    """The messages of one invocation."""

    def __init__(self, config: RecorderConfig, own: Location, seconds_left: Callable[[], float]) -> None:
        """Prepare, without a call.

        Args:
            config: of the recorder.
            own: where the recorder is.
            seconds_left: how long the invocation may still take.

        """
        self._config = config
        self._own = own
        self._seconds_left = seconds_left
        self._recorder = TableRecorder(config.records_bucket, own.region)
        self._returned: list[str] = []
        self._recorded = self._failed = 0

    def process(self, messages: Sequence[Message]) -> list[str]:
        """Do what the messages ask for; return the IDs of the messages that must come back."""
        tasks = [(message, task) for message in messages if (task := self._task(message))]
        # A table is recorded once, however many of its changes the batch reports.
        of_table: dict[str, list[tuple[Message, datetime | None]]] = {}
        for message, task in tasks:
            for arn in task.tables:
                of_table.setdefault(arn, []).append((message, task.deleted_at))
        with (
            time_limit(lambda: self._seconds_left() - _RESERVE_SECONDS),
            Pace(self._seconds_left).kept(self._own.region),
        ):
            of_region: dict[tuple[str, str], object] = {}
            for arn, asked in of_table.items():
                self._record(Table(arn, of_region=of_region), asked)
            for message, task in tasks:
                if task.sweep:
                    self._sweep(message, task.sweep)
        incomplete = len(self._recorder.incomplete)
        telemetry.count_tables(self._recorded - incomplete, self._failed + incomplete)
        return list(dict.fromkeys(self._returned))

    def _task(self, message: Message) -> Task | None:
        """Return what a message asks for; one that is not understood is dropped, because the next sweep repeats it."""
        try:
            return parse(message.body, self._own)
        except NotATaskError as error:
            logger.warning("The message is dropped", extra={"reason": str(error)})
            return None

    def _record(self, table: Table, asked: Sequence[tuple[Message, datetime | None]]) -> None:
        deletions = [deleted_at for _, deleted_at in asked if deleted_at]
        try:
            self._recorder.record(table, max(deletions, default=None))
        except Exception as error:  # noqa: BLE001 (one table's failure never stops another)
            # A table takes up to hours to be created from a backup, about which there is nothing to say.
            busy = isinstance(error, BusyError)
            passing = busy or (passes(error) and max(message.attempt for message, _ in asked) < _MOST_SOON)
            if not passing:
                self._failed += 1
            write = logger.info if busy else logger.error
            write("The table is not recorded", extra={"table": table.arn, "reason": reason(error)})
            for message, _ in asked:
                self._return(message, _SOON_SECONDS if passing else _LATE_SECONDS)
        else:
            self._recorded += 1
            logger.info("The table is recorded", extra={"table": table.arn})

    def _sweep(self, message: Message, part: SweepPart) -> None:
        sweep = Sweep(self._recorder, self._own, self._config.recorder_queue_url, self._seconds_left)
        try:
            sweep.go_on(part)
        except Exception as error:  # noqa: BLE001 (the same part is tried again)
            logger.error("The sweep is interrupted", extra={"reason": reason(error)})
            self._return(message, _SOON_SECONDS if passes(error) else _LATE_SECONDS)
        self._recorded += sweep.recorded
        self._failed += sweep.failed

    def _return(self, message: Message, delay: int) -> None:
        self._returned.append(message.id)
        try:
            message.return_to_queue(self._config.recorder_queue_url, delay)
        except Exception as error:  # noqa: BLE001 (it comes back after the queue's visibility timeout instead)
            logger.error("The message comes back later", extra={"reason": reason(error)})
