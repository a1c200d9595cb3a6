"""A sweep records every table of the Region, one part an invocation, and finds the tables that are gone."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import telemetry
from table_sync.aws import Table, client, is_table_name
from table_sync.errors import OutOfTimeError
from table_sync.recording.account_lists import AccountLists
from table_sync.recording.table_recorder import describe, passes, reason, table_id
from table_sync.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from table_sync.aws import Location
    from table_sync.recording.table_recorder import TableRecorder
    from table_sync.recording.task import SweepPart

# Tables of one page: they are described together, to ask for their scaling in one call.
_PAGE = 50
# A page takes less than half a minute, unless AWS is slow or the lists of the Region are long.
_SECONDS_OF_PAGE = 90
# Seconds between the tries of a table that AWS throttles; after the last one it is recorded later.
_RETRY_DELAYS = (1, 2, 4)
_LATER_SECONDS = 60


class Sweep:
    """The part of a sweep that one invocation does."""

    def __init__(
        self, recorder: TableRecorder, own: Location, queue_url: str, seconds_left: Callable[[], float]
    ) -> None:
        """Make no call.

        Args:
            recorder: records the tables.
            own: where the recorder is.
            queue_url: of the recorder's queue, which gets the next part.
            seconds_left: how long the invocation may still take.

        """
        self._recorder = recorder
        self._own = own
        self._queue_url = queue_url
        self._seconds_left = seconds_left
        self._lists = AccountLists(own)
        self._records_of_region = f"settings/v1/{own.account}/{own.region}/"
        self.recorded = 0
        """Tables that are recorded."""
        self.failed = 0
        """Tables that cannot be recorded."""

    def go_on(self, part: SweepPart) -> None:
        """Do a part of a sweep, and have the queue bring the next one, if there is one.

        Raises:
            Exception: AWS refused a call that is not about one table: the same part has to be tried again.

        """
        following = self._tables(part) if part.records_after is None else self._records(part)
        if following:
            self._send(following.as_message())
            return
        age = (datetime.now(UTC) - part.started_at).total_seconds()
        telemetry.count_sweep(age)
        logger.info("The sweep is finished", extra={"sweep_seconds": round(age)})

    def _send(self, body: str, delay: int = 0) -> None:
        client("sqs", self._own.region).send_message(QueueUrl=self._queue_url, MessageBody=body, DelaySeconds=delay)

    def _tables(self, part: SweepPart) -> SweepPart:
        """Record tables in the order of ListTables, as many as there is time for; return where to go on."""
        after = part.tables_after
        if after is None:
            part = replace(part, is_first=self._is_first())
        while self._seconds_left() > _SECONDS_OF_PAGE:
            names, last = self._page(after)
            try:
                for name in self._record_each(names, is_first=part.is_first):
                    after = name
            except OutOfTimeError:
                break
            if not last:
                return replace(part, tables_after=None, records_after="")
            after = last
        if after == part.tables_after:
            raise OutOfTimeError("no table could be recorded in the time of one invocation")
        return replace(part, tables_after=after)

    def _is_first(self) -> bool:
        """Say whether no table has a record: the one call spares a call for each table."""
        try:
            return not any(self._recorder.listed(self._records_of_region))
        except ClientError:
            return False

    def _page(self, after: str | None) -> tuple[list[str], str | None]:
        start = {"ExclusiveStartTableName": after} if after else {}
        answer = client("dynamodb", self._own.region).list_tables(Limit=_PAGE, **start)
        return answer["TableNames"], answer.get("LastEvaluatedTableName")

    def _record_each(self, names: Sequence[str], *, is_first: bool) -> Iterator[str]:
        """Record tables; yield the name of each that is done with."""
        tables = [Table(self._own.table_arn(name), of_region=self._lists.of_region) for name in names]
        there = [table for table in tables if self._try(table, lambda table=table: describe(table))]  # type: ignore[misc]
        self._lists.prepare(there)
        for table in tables:
            if table in there and table.status != "CREATING":
                done = self._try(table, lambda table=table: self._record(table, is_first=is_first))  # type: ignore[misc]
                self.recorded += bool(done)
            yield table.name

    def _record(self, table: Table, *, is_first: bool) -> bool:
        self._recorder.record_described(table, is_first=is_first)
        return True

    def _try(self, table: Table, work: Callable[[], bool]) -> bool:
        """Return what `work` on a table returns; one that AWS throttles is tried again, and recorded later."""
        for delay in (*_RETRY_DELAYS, None):
            try:
                return work()
            except OutOfTimeError:
                raise
            except Exception as error:  # noqa: BLE001 (one table's failure never stops another)
                if not passes(error):
                    self.failed += 1
                    logger.error("The table is not recorded", extra={"table": table.arn, "reason": reason(error)})
                    return False
                if delay:
                    time.sleep(delay)
        self._send(json.dumps({"table": table.arn}), delay=_LATER_SECONDS)
        return False

    def _records(self, part: SweepPart) -> SweepPart | None:
        """Go through the records of the Region, and find those of tables that are gone; return where to go on."""
        live = set(self._names())
        listed = self._recorder.listed(self._records_of_region, part.records_after or "")
        for name, of_name in groupby(listed, lambda record: _name(record.key)):
            lifetimes = list(of_name)
            keys = [record.key for record in lifetimes if not record.deleted]
            if is_table_name(name) and keys and (name not in live or len(keys) > 1):
                self._try_to_close(name, keys)
            if self._seconds_left() < _SECONDS_OF_PAGE:
                return replace(part, records_after=lifetimes[-1].key)
        return None

    def _names(self) -> Iterator[str]:
        pages: Any = client("dynamodb", self._own.region).get_paginator("list_tables").paginate()
        for page in pages:
            yield from page["TableNames"]

    def _try_to_close(self, name: str, keys: Sequence[str]) -> None:
        try:
            self._close(name, keys)
        except Exception as error:
            if passes(error):
                raise
            # One record that may not be read or written, such as one under a key that is gone, stops no other.
            self.failed += 1
            extra = {"table": self._own.table_arn(name), "reason": reason(error)}
            logger.error("It is not recorded whether the table is deleted", extra=extra)

    def _close(self, name: str, keys: Sequence[str]) -> None:
        """Record which of the tables of a name are deleted."""
        # ListTables and the records were read at different times: this decides.
        table = Table(self._own.table_arn(name))
        live = table_id(table) if describe(table) else None
        self._recorder.close(keys, live, datetime.now(UTC))


def _name(key: str) -> str:
    return key.split("/")[4]
