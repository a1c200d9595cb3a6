"""Which source a restored table gets its settings from: the live table, a record, or what is left.

It is the live table whenever that is there. It is never another one because a read was throttled or denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 (botocore's own, not the built-in one)
    HTTPClientError,
)

from table_sync import errors
from table_sync.aws import TableNotFoundError
from table_sync.errors import FinalError, Meaning
from table_sync.source import Leftovers, LiveSource, RecordSource, Source
from table_sync.which_tables import created_after_restore, other_table_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from table_sync.aws import Table
    from table_sync.restore import Restore

# After so many attempts without an answer from the source's Region its record is used.
MOST_UNANSWERED = 10
_SERVER_ERROR = 500
# By the restored table's ARN, the last attempt before those at which the source's Region did not answer. Another
# process may have had an answer that this one does not know of, so that each counts only what it has seen itself.
_last_answers: dict[str, int] = {}
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Records:
    """Where records are, and which of them is used if somebody has chosen one."""

    bucket: str = ""
    """Name; empty if there are none."""
    region: str = ""
    """From which the bucket is called."""
    key: str = ""
    version_id: str = ""
    """Empty for the newest."""
    given: RecordSource | None = None
    """A record that has been read already."""


class SourceFinder:
    """Finds the source of one restored table."""

    def __init__(
        self,
        table: Table,
        target: Table,
        restore: Restore | None = None,
        records: Records | None = None,
        attempt: int = 1,
    ) -> None:
        """Prepare, without a call.

        Args:
            table: the source that the event or the caller names.
            target: the restored table.
            restore: what an event says of the restore, None if there is no event.
            records: none, if there are no records.
            attempt: number of this attempt at the restore.

        """
        self._table = table
        self._target = target
        self._restore = restore
        self._records = records or Records()
        self._attempt = attempt
        self._backup_read = False
        self._backup: Mapping[str, Any] | None = None

    def refusal(self) -> str:
        """Return why no source can be found, whatever AWS says; "" if one may be. Makes no call."""
        if self._records.key or self._records.given:
            return ""
        if self._table.arn == self._target.arn and not self._restore:
            return "source and target are the same table"
        if self._table.account != self._target.account and not self._records.bucket:
            return "the source is in another account, whose settings cannot be read from here"
        return ""

    def wait(self) -> None:
        """Take note that this attempt did not need the source."""
        self._remember_answer()

    def find(self) -> Source:
        """Return the source of the described target.

        Raises:
            table_sync.errors.FinalError: there is none; the message says why.
            Exception: AWS refused a read, and may allow it later (errors.meaning).

        """
        if self._records.given:
            return self._records.given
        if self._records.key:
            return self._chosen()
        if self._table.account != self._target.account:
            return self._record_of("The source is in another account.") or self._without_record()
        try:
            why = self._why_gone()
        except Exception as error:
            if not self._is_unanswered(error):
                raise
            found = self._record_of(
                f"The Region {self._table.region} has not answered for {MOST_UNANSWERED} attempts.", with_backup=False
            )
            if not found:
                raise
            return found
        return self._instead(why) if why else LiveSource(self._table)

    def _instead(self, why: str) -> Source:
        """Return what to use in the place of a table that is gone."""
        if found := self._record_of(why):
            return found
        if not self._restore:
            # Without an event nothing shows that there ever was a table of that name.
            raise FinalError(f"{why} Its settings cannot be read any more.")
        return Leftovers(self._table.arn, self._target, why, self._backup_description(), self._namesake())

    def _why_gone(self) -> str:
        """Describe the source; return why it is not the table that was restored, as a sentence, "" if it is."""
        if self._table.arn == self._target.arn:
            return "The restored table has its name."
        try:
            self._table.describe()
        except TableNotFoundError as error:
            self._remember_answer()
            return str(error)
        self._remember_answer()
        if self._table.status == "DELETING":
            return f"Table {self._table.name} is being deleted."
        if not self._restore:
            return ""
        if why := created_after_restore(self._table, self._called_at):
            return why
        return other_table_id(self._table, self._table_id())

    @property
    def _called_at(self) -> datetime | None:
        called_at = self._restore.called_at if self._restore else None
        return called_at or self._target.description.get("CreationDateTime")

    def _namesake(self) -> Mapping[str, Any]:
        """Return DescribeTable's answer about another table that has the source's name, if there is one."""
        if self._table.arn == self._target.arn or self._table.description.get("TableStatus") == "DELETING":
            return {}
        return self._table.description

    def _backup_description(self) -> Mapping[str, Any] | None:
        """Return BackupDescription of the backup that was restored, None if there is none or AWS does not tell.

        Raises:
            Exception: DescribeBackup was refused, and may succeed later.

        """
        arn = self._restore.backup_arn if self._restore else None
        # It can only be described in its own account (live probe, October 2026).
        if arn and not self._backup_read and self._table.account == self._target.account:
            try:
                self._backup = self._table.client("dynamodb").describe_backup(BackupArn=arn)["BackupDescription"]
            except Exception as error:
                # Of a backup that may not be read, or has been deleted meanwhile, CreationDateTime has to do.
                if errors.meaning(error) in {Meaning.NOT_READY, Meaning.TRANSIENT}:
                    raise
            self._backup_read = True
        return self._backup

    def _table_id(self) -> str | None:
        backup = self._backup_description() or {}
        table_id: str | None = backup.get("SourceTableDetails", {}).get("TableId")
        return table_id

    def _record_of(self, why: str, *, with_backup: bool = True) -> RecordSource | None:
        """Return the record that the restore uses, None if there is none."""
        if not self._records.bucket:
            return None
        # Few restores need it, and every cold start is shorter without it.
        from table_sync import recorded_source  # noqa: PLC0415

        backup = (self._backup_description() if with_backup else None) or {}
        return recorded_source.of_table(
            self._records,
            self._target,
            self._table,
            why,
            called_at=self._called_at,
            table_id=backup.get("SourceTableDetails", {}).get("TableId"),
            backup_at=backup.get("BackupDetails", {}).get("BackupCreationDateTime"),
        )

    def _without_record(self) -> Source:
        raise FinalError(
            "the source is in another account, whose settings cannot be read from here, and the bucket "
            f"{self._records.bucket} has no record of it: let the source's account record to that bucket"
        )

    def _chosen(self) -> RecordSource:
        """Return the record that somebody has chosen."""
        from table_sync import recorded_source  # noqa: PLC0415 (as above)

        return recorded_source.named(self._records, self._table)

    def _is_unanswered(self, error: Exception) -> bool:
        """Say whether the source's Region has not answered for so long that a record is used."""
        if self._table.region == self._target.region or not _is_no_answer(error):
            return False
        last = _last_answers.get(self._target.arn, self._attempt)
        # After a redrive attempts are counted from 1 again.
        if last >= self._attempt:
            last = self._attempt - 1
            self._remember_answer(last)
        return self._attempt - last >= MOST_UNANSWERED

    def _remember_answer(self, attempt: int | None = None) -> None:
        """Take note of an attempt, by default of this one."""
        if self._table.region != self._target.region:
            if len(_last_answers) >= _MOST_REMEMBERED:
                _last_answers.clear()
            _last_answers[self._target.arn] = self._attempt if attempt is None else attempt


def _is_no_answer(error: Exception) -> bool:
    if isinstance(error, ClientError):
        return bool(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERROR)
    return isinstance(error, (ConnectionError, HTTPClientError))
