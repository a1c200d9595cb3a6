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
from table_sync.records import record as records
from table_sync.records.bucket import Bucket
from table_sync.records.json_object import OvertakenError
from table_sync.records.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from table_sync.aws import Table
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
            keys = self.keys(records.prefix(table))
            # Another table of the name may have been created and recorded meanwhile.
            found = describe(table)
            live = table_id(table) if found else None
            self.close(keys, live, deleted_at or _now(), created_before=deleted_at)
        if found:
            self.record_described(table)

    def record_described(self, table: Table) -> None:
        """Record a described table; raise as record() does."""
        if table.status == "CREATING":
            raise BusyError(f"table {table.name} is CREATING")
        self._replace(_key(table), lambda previous: snapshot(table, previous), table)

    def close(
        self,
        keys: Iterable[str],
        live: str | None,
        deleted_at: datetime,
        *,
        created_before: datetime | None = None,
    ) -> None:
        """Record that tables are deleted, with their last settings.

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
                self._replace(key, closed, None)

    def is_closed(self, key: str) -> bool:
        """Say whether a record is of a table that is known to be deleted, or cannot be read.

        Raises:
            botocore.exceptions.ClientError: S3 refused.

        """
        previous, _ = self._bucket.newest(key)
        return previous is None or previous.deleted_at is not None

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """Return the first 1,000 keys that begin with a prefix and come after another key.

        Raises:
            botocore.exceptions.ClientError: S3 refused.

        """
        start = {"StartAfter": after} if after else {}
        answer = client("s3", self._region).list_objects_v2(Bucket=self._bucket.name, Prefix=prefix, **start)
        return [found["Key"] for found in answer.get("Contents", [])]

    def _replace(self, key: str, make: Callable[[Record | None], Record | None], table: Table | None) -> None:
        """Write what `make` makes of the newest version and of the table, if that says anything else."""
        read_before = table is not None
        for attempt in range(_TRIES):
            previous, etag = self._newest(key)
            if table and not read_before and not _read_again(table, key):
                return
            made = make(previous)
            if made is None or (previous is not None and made.has_settings_of(previous)):
                return
            if previous and read_before and previous.recorded_at > self._began - _CLOCKS_APART:
                # Another recorder may have read the table after this one described it.
                read_before = False
                continue
            if len(records.dumps(made)) > records.LARGEST_BYTES:
                raise FinalError(f"the settings take more than the {records.LARGEST_BYTES:,} bytes of a record")
            try:
                self._bucket.write(made, etag)
            except OvertakenError:
                if attempt == _TRIES - 1:
                    raise
                read_before = False
            else:
                return

    def _newest(self, key: str) -> tuple[Record | None, str]:
        """Return the newest version and its ETag.

        S3 tells who may not list the bucket nothing of keys that do not exist (S3 API reference, GetObject), and
        whether a permission to list some prefixes will do is not documented: the list is asked.
        """
        try:
            return self._bucket.newest(key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"AccessDenied", "403"} or key in self.keys(key):
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
