"""Which record a restore uses: which lifetime of the source, and which version of its settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from table_sync.errors import BusyError
from table_sync.records.record import InvalidRecordError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from table_sync.aws import Table
    from table_sync.records.bucket import Bucket, ObjectVersion
    from table_sync.records.record import Record

# Whoever tears a table down removes its triggers, scaling and alarms before the table: the last state is often empty.
TEARDOWN = timedelta(hours=1)


@dataclass(frozen=True)
class Chosen:
    """The record that a restore uses."""

    record: Record
    version_id: str
    newer_differs: tuple[str, ...]
    """Settings in which the newest version differs, sorted by name."""


def choose(  # noqa: PLR0913 (each is a fact of the restore)
    bucket: Bucket,
    source: Table,
    *,
    called_at: datetime | None,
    table_id: str | None = None,
    backup_at: datetime | None = None,
    not_table_id: str | None = None,
) -> Chosen | None:
    """Return the record of a source that is gone; None if there is none.

    Args:
        bucket: of records.
        source: the name of the table that was restored from.
        called_at: when the restore was called; of several lifetimes, the latest created before it counts.
        table_id: TableId of the backup's table: that lifetime and no other.
        backup_at: when the backup was created.
        not_table_id: TableId of the restored table, which may have the source's name.

    Raises:
        table_sync.errors.BusyError: a version was deleted after it was listed.
        table_sync.records.record.InvalidRecordError: the chosen version is not a usable record.
        botocore.exceptions.ClientError: S3 refused.

    """
    lifetimes: dict[str, list[ObjectVersion]] = {}
    for version in bucket.versions(source):
        lifetimes.setdefault(version.key, []).append(version)
    keys = [key for key in lifetimes if not _is_of(key, not_table_id)]
    if table_id:
        keys = [key for key in keys if _is_of(key, table_id)]
    newest = {key: _read_usable(bucket, key, newest_of(lifetimes[key])) for key in keys}
    key = _latest(keys, newest, called_at)
    if key is None:
        return None
    last = newest[key]
    at = backup_at or (last.deleted_at if last else None) or called_at
    version = in_force(lifetimes[key], at)
    record = last if version is newest_of(lifetimes[key]) and last else _read(bucket, key, version)
    return _of_table(source, Chosen(record, version.version_id, differing(record, last)))


def named(bucket: Bucket, source: Table, key: str, version_id: str = "") -> Chosen | None:
    """Return the record that somebody has named, None if there is none.

    Args:
        bucket: of records.
        source: the table that it is of.
        key: of the record.
        version_id: empty for the newest version.

    Raises:
        table_sync.errors.BusyError: the newest version was deleted after it was listed.
        table_sync.records.record.InvalidRecordError: it is not a usable record.
        botocore.exceptions.ClientError: S3 refused.

    """
    versions = [version for version in bucket.versions(source) if version.key == key]
    if not versions:
        return None
    last = newest_of(versions)
    wanted = version_id or last.version_id
    # S3 does not tell the function's role that a version does not exist: it may not list the bucket.
    record = bucket.read(key, wanted) if wanted in {version.version_id for version in versions} else None
    if record is None:
        return None
    newest = record if wanted == last.version_id else _read_usable(bucket, key, last)
    return _of_table(source, Chosen(record, wanted, differing(record, newest)))


def _of_table(source: Table, chosen: Chosen) -> Chosen:
    """Return what was chosen, whose key names account, Region and table, and not the partition."""
    if chosen.record.table != source.arn:
        raise InvalidRecordError(f"it is of {chosen.record.table}, not of {source.arn}")
    return chosen


def newest_of(versions: Sequence[ObjectVersion]) -> ObjectVersion:
    """Return the newest version, also of an object that was deleted since."""
    return max(versions, key=lambda version: (version.modified_at, version.is_latest))


def _read(bucket: Bucket, key: str, version: ObjectVersion) -> Record:
    """Return a version that the bucket has listed."""
    record = bucket.read(key, version.version_id)
    if record is None:
        # It may have been the only one, so what is there now decides.
        raise BusyError(f"version {version.version_id} of the record {key} was deleted while it was read")
    return record


def _read_usable(bucket: Bucket, key: str, version: ObjectVersion) -> Record | None:
    """Return a version that the bucket has listed, None if it is not a usable record."""
    try:
        return _read(bucket, key, version)
    except InvalidRecordError:
        return None


def in_force(versions: Sequence[ObjectVersion], at: datetime | None) -> ObjectVersion:
    """Return the version in force one hour before `at`: the newest that is as old, else the oldest.

    Without a time it is the newest. `versions` has the newest first, as S3 lists them (user guide, Listing objects in a
    versioning-enabled bucket); its times are whole seconds, in which there may be several.
    """
    newest_first = sorted(versions, key=lambda version: (version.modified_at, version.is_latest), reverse=True)
    if at is None:
        return newest_first[0]
    return next((version for version in newest_first if version.modified_at <= at - TEARDOWN), newest_first[-1])


def _is_of(key: str, table_id: str | None) -> bool:
    return table_id is not None and key.endswith(f"/{table_id}.json")


def _latest(keys: Sequence[str], newest: dict[str, Record | None], called_at: datetime | None) -> str | None:
    """Return the lifetime that was created last before the restore was called.

    One lifetime is taken even if its newest version cannot be read: an older version may be in force.
    """
    created = {
        key: record.created_at
        for key in keys
        if (record := newest[key]) and (called_at is None or record.created_at <= called_at)
    }
    if created:
        return max(created, key=lambda key: created[key])
    unreadable = [key for key in keys if newest[key] is None]
    return unreadable[0] if len(unreadable) == 1 else None


def differing(record: Record, newest: Record | None) -> tuple[str, ...]:
    """Return the settings in which the newest version of a record differs, sorted by name."""
    if newest is None:
        return ()
    names = record.settings.keys() | newest.settings.keys()
    return tuple(sorted(name for name in names if record.settings.get(name) != newest.settings.get(name)))
