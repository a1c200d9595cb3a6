"""Whether two described tables are those of a restore. A table's name can be used again within a second.

The ARN is the same then (live probe, October 2026); CreationDateTime and TableId are not.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from table_sync.aws import Table
    from table_sync.restore import Restore

# A table that was created so long after the event of a restore, or so long before that of a job that has completed, is
# not the one that was restored. The answer to the call
# has a CreationDateTime already (AWS CLI reference, restore-table-to-point-in-time, Examples); should AWS set it anew
# at the restore's end, the table is not taken for another.
_LONGEST_RESTORE = timedelta(days=2)
# How far the clocks of CloudTrail, AWS Backup and DynamoDB may be apart.
_CLOCK_SKEW = timedelta(minutes=5)


def another_target(source: Table, target: Table, restore: Restore) -> str:
    """Return why the target cannot be the table that the restore made, "" if it can."""
    # It is there only while the table is CREATING (live probe, October 2026).
    restored_from = target.description.get("RestoreSummary", {}).get("SourceTableArn", source.arn)
    if restored_from != source.arn:
        return f"which is being restored from {restored_from}"
    created = target.description.get("CreationDateTime")
    if created and restore.called_at and created < restore.called_at - _CLOCK_SKEW:
        return f"created at {_utc(created)}, before the restore was called ({_utc(restore.called_at)})"
    earliest = restore.completed_at - _LONGEST_RESTORE if restore.completed_at and not restore.called_at else None
    if created and earliest and created < earliest:
        return f"created at {_utc(created)}, long before the restore job was completed"
    latest = restore.called_at and restore.called_at + _LONGEST_RESTORE
    if restore.completed_at:
        latest = restore.completed_at + _CLOCK_SKEW
    return f"created at {_utc(created)}" if created and latest and created > latest else ""


def created_after_restore(source: Table, called_at: datetime | None) -> str:
    """Return why the source cannot be the table that was restored: it is younger. "" if it is not."""
    created = source.description.get("CreationDateTime")
    # An eventTime has whole seconds.
    if created and called_at and created.replace(microsecond=0) > called_at:
        return (
            f"Table {source.name} in {source.region} was created at {_utc(created)}, after the restore was called, so "
            "it is another table of that name."
        )
    return ""


def other_table_id(source: Table, backed_up: str | None) -> str:
    """Return why the source cannot be the table that was backed up, "" if it can or its TableId is not known."""
    table_id = source.description.get("TableId")
    if table_id and backed_up and table_id != backed_up:
        return (
            f"Table {source.name} in {source.region} (TableId {table_id}) is another table than the one of the backup "
            f"(TableId {backed_up})."
        )
    return ""


def swapped(source: Table, target: Table) -> str:
    """Say so if two described tables seem to be in the wrong order, "" if not."""
    # A DELETING table has none (live probe, October 2026).
    created, copied = (table.description.get("CreationDateTime") for table in (source, target))
    if not created or not copied or created <= copied:
        return ""
    return f"{source.name} is younger than {target.name}: the source has to be the table that was restored from"


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
