"""One restore in the archive: the key and the first content of its object."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from table_sync.aws import Location, Table
from table_sync.records import json_object

if TYPE_CHECKING:
    from table_sync.restore import Restore

VERSION = 1


def prefix(own: Location) -> str:
    """Return what the keys of all restores in an account and Region begin with."""
    return f"restores/v1/{own.account}/{own.region}/"


def key_of(restore: Restore) -> str | None:
    """Return the key of a restore's object, None if its event has no time or no ID."""
    if restore.event_at is None or not restore.event_id:
        return None
    at = restore.event_at.astimezone(UTC)
    target = Table(restore.target)
    return f"{prefix(Location.of(restore.target))}{target.name}/{at:%Y-%m-%dT%H:%M:%SZ}-{restore.event_id}.json"


def new(restore: Restore) -> dict[str, Any]:
    """Return the content of the object of a restore that nothing has processed yet: JSON types."""
    return {
        "version": VERSION,
        "source": restore.source,
        "target": restore.target,
        "event_id": restore.event_id,
        "called_at": json_object.time_text(restore.called_at.timestamp()) if restore.called_at else None,
        "completed_at": json_object.time_text(restore.completed_at.timestamp()) if restore.completed_at else None,
        "active_at": None,
        "in_sync_at": None,
        "ended_at": None,
        "dead_lettered": False,
        "attempts": 0,
        "earlier_attempts": 0,
        "outcome": None,
        "report": None,
    }
