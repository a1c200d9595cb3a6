"""Records one table: its settings now, and that earlier tables of its name are deleted."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from table_sync import errors
from table_sync.aws import TableNotFoundError, client
from table_sync.errors import BusyError, FinalError, Meaning
from table_sync.recording import record_list
from table_sync.records import record as records
from table_sync.records.bucket import Bucket
from table_sync.records.json_object import OvertakenError
from table_sync.records.snapshot import snapshot
from table_sync.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from table_sync.aws import Table
    from table_sync.recording.record_list import ListedRecord
    from table_sync.records.record import Record

# So often is a table read again because another recorder was faster.
_TRIES = 5
# By how much the clocks of two recorders may differ.
_CLOCKS_APART = timedelta(seconds=10)


class TableRecorder:
    """Keeps one object for each table lifetime. A version is written only when a setting has changed.

    What it writes was read after the version that it replaces, so that no recorder undoes what another one knows.
    """

    def __init__(self, bucket_name: str, region: str) -> None:
        """Make no call. Tables and the account's lists are read after this.

        Args:
            bucket_name: of the bucket of records.
            region: of the recorder.

        """
        self._bucket = Bucket(bucket_name, region)
        self._region = region
        self._began = _now()
        self.incomplete: set[str] = set()
        """ARNs of the tables of which a setting could not be read."""

    def record(self, table: Table, deleted_at: datetime | None = None) -> None:
        """Record a table, or that it is deleted.

        Args:
            table: its description is read anew.
            deleted_at: when a table of this name was deleted; there may be another one by now.

        Raises:
            OvertakenError: other recorders were faster, again and again.
            table_sync.errors.BusyError: the table is being created.
            table_sync.errors.FinalError: the table's settings are too large for a record.
            botocore.exceptions.ClientError: AWS refused a call.

        """
        found = describe(table)
        if deleted_at or not found:
            keys = [listed.key for listed in self.listed(records.prefix(table)) if not listed.deleted]
            # Another table of the name may have been created and recorded meanwhile.
            found = describe(table)
            live = table_id(table) if found else None
            self.close(keys, live, deleted_at or _now(), created_before=deleted_at)
        if found:
            self.record_described(table)

    def record_described(self, table: Table, *, is_first: bool = False) -> None:
        """Record a described table; raise as record() does.

        Args:
            table: to record.
            is_first: whether there should be no record of it: none is read before the first try.

        """
        if table.status == "CREATING":
            raise BusyError(f"table {table.name} is CREATING")
        made = self._replace(_key(table), lambda previous: snapshot(table, previous), table, is_first=is_first)
        if made and made.unreadable:
            self.incomplete.add(table.arn)
            why = ", ".join(f"{name} ({error})" for name, error in sorted(made.unreadable.items()))
            logger.error("Settings of the table cannot be read", extra={"table": table.arn, "reason": why})

    def close(
        self,
        keys: Iterable[str],
        live: str | None,
        deleted_at: datetime,
        *,
        created_before: datetime | None = None,
    ) -> None:
        """Record that tables are deleted, with their last settings, and let the list of records say so.

        Args:
            keys: of the records of tables of one name.
            live: TableId of the table that has the name now, None if there is none.
            deleted_at: when they were deleted.
            created_before: those that were created later are left out.

        Raises:
            OvertakenError: other recorders were faster, again and again.
            botocore.exceptions.ClientError: S3 refused.

        """

        def closed(previous: Record | None) -> Record | None:
            if previous is None or previous.deleted_at or (created_before and previous.created_at > created_before):
                return None
            return replace(previous, deleted_at=deleted_at)

        for key in keys:
            if live is None or not key.endswith(f"/{live}.json"):
                record = self._replace(key, closed)
                if record and record.deleted_at:
                    record_list.mark_deleted(client("s3", self._region), self._bucket.name, key)

    def listed(self, prefix: str, after: str = "") -> Iterator[ListedRecord]:
        """Yield the records whose keys begin with a prefix and come after another key; raise as S3 does."""
        return record_list.read(client("s3", self._region), self._bucket.name, prefix, after)

    def _replace(
        self,
        key: str,
        make: Callable[[Record | None], Record | None],
        table: Table | None = None,
        *,
        is_first: bool = False,
    ) -> Record | None:
        """Write what `make` makes of the newest version and of the table, if that says anything else.

        Returns:
            what is the newest version then, None if there is none or it cannot be used.

        """
        read_before = table is not None
        overtaken = 0
        while True:
            previous, etag = (None, "") if is_first and not overtaken else self._newest(key)
            if table and not read_before and not _read_again(table, key):
                return previous
            made = make(previous)
            if made is None or (previous is not None and made.has_settings_of(previous)):
                return previous
            if previous and read_before and previous.recorded_at > self._began - _CLOCKS_APART:
                # Another recorder may have read the table after this one described it.
                read_before = False
                continue
            if len(records.dumps(made)) > records.LARGEST_BYTES:
                raise FinalError(f"the settings take more than the {records.LARGEST_BYTES:,} bytes of a record")
            try:
                self._bucket.write(made, etag)
            except OvertakenError:
                overtaken += 1
                if overtaken == _TRIES:
                    raise
                read_before = False
            else:
                return made

    def _newest(self, key: str) -> tuple[Record | None, str]:
        """Return the newest version and its ETag.

        S3 tells who may not list the bucket nothing of keys that do not exist (S3 API reference, GetObject), and
        whether a permission to list some prefixes will do is not documented: the list is asked.
        """
        try:
            return self._bucket.newest(key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"AccessDenied", "403"} or any(self.listed(key)):
                raise
            return None, ""


def describe(table: Table) -> bool:
    """Describe a table; say whether it is there. One that is being deleted is not.

    Raises:
        botocore.exceptions.ClientError: AWS refused the call for another reason.

    """
    table.forget()
    try:
        table.describe()
    except TableNotFoundError:
        return False
    return table.status != "DELETING"


def table_id(table: Table) -> str:
    """Return the TableId of a described table, which tells it from others of its name."""
    return str(table.description["TableId"])


def _key(table: Table) -> str:
    return f"{records.prefix(table)}{table_id(table)}.json"


def _read_again(table: Table, key: str) -> bool:
    """Describe a table anew, have all of it read anew, and say whether it is still the one that has the key."""
    table.of_region = {}
    return describe(table) and table.status != "CREATING" and _key(table) == key


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def passes(error: Exception) -> bool:
    """Say whether a table can be recorded later, because what keeps it from that will pass by itself."""
    return isinstance(error, OvertakenError) or errors.meaning(error) in {Meaning.NOT_READY, Meaning.TRANSIENT}


def reason(error: Exception) -> str:
    """Return why a table is not recorded, without anything of a message or of the table's settings."""
    if isinstance(error, OvertakenError):
        return "S3 has refused the record again and again because another recorder was faster"
    return str(error) if isinstance(error, FinalError) else errors.anonymous(error)
