"""The record that takes the place of a source, or one sentence that says why there is none."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from table_sync import errors
from table_sync.errors import FinalError, Meaning
from table_sync.records import selection
from table_sync.records.bucket import Bucket
from table_sync.records.record import InvalidRecordError
from table_sync.source import RecordSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from table_sync.aws import Table
    from table_sync.which_source import Records


def of_table(  # noqa: PLR0913 (each is a fact of the restore)
    records: Records,
    target: Table,
    table: Table,
    why: str,
    *,
    called_at: datetime | None,
    table_id: str | None,
    backup_at: datetime | None,
) -> RecordSource | None:
    """Return the record of a source that is gone, None if there is none.

    Args:
        records: where they are.
        target: the restored table, described.
        table: the source.
        why: why it is not used itself, as a sentence.
        called_at: when the restore was called.
        table_id: TableId of the backup's table, if that is known.
        backup_at: when the backup was created, if that is known.

    Raises:
        table_sync.errors.FinalError: the record cannot be used or read; the message says why.
        Exception: S3 is throttled or cannot be reached (errors.meaning).

    """
    with _explained(records.bucket):
        chosen = selection.choose(
            Bucket(records.bucket, records.region),
            table,
            called_at=called_at,
            table_id=table_id,
            backup_at=backup_at,
            not_table_id=target.description.get("TableId"),
        )
    return RecordSource(chosen.record, why, chosen.version_id, chosen.newer_differs) if chosen else None


def named(records: Records, table: Table) -> RecordSource:
    """Return the record of a source that somebody has chosen.

    Raises:
        table_sync.errors.FinalError: there is none, or it cannot be used or read; the message says why.
        Exception: S3 is throttled or cannot be reached (errors.meaning).

    """
    with _explained(records.bucket):
        chosen = selection.named(Bucket(records.bucket, records.region), table, records.key, records.version_id)
    if not chosen:
        version = f" of version {records.version_id}" if records.version_id else ""
        raise FinalError(f"the bucket {records.bucket} has no record {records.key}{version}")
    return RecordSource(chosen.record, "The invocation names this record.", chosen.version_id, chosen.newer_differs)


@contextmanager
def _explained(bucket: str) -> Iterator[None]:
    """Turn what a bucket of records answers for good into one sentence."""
    try:
        yield
    except InvalidRecordError as error:
        raise FinalError(
            f"the record in the bucket {bucket} cannot be used: {error}. Invoke the function with another version of "
            "it (record, version_id)"
        ) from error
    except Exception as error:
        if errors.meaning(error) in {Meaning.NOT_READY, Meaning.TRANSIENT}:
            raise
        raise FinalError(
            f"the records in the bucket {bucket} cannot be read: {errors.explain(error).rstrip('.')}. Check that the "
            "bucket exists, and that its policy and the function's role allow this call"
        ) from error
