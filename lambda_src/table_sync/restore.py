"""A restore: which table was restored from which, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Restore:
    """What an event says of a restore; the tables are ARNs."""

    source: str
    target: str
    called_at: datetime | None = None
    """When the restore was called: the call's eventTime, the job's creationDate; None of a job that does not say."""
    completed_at: datetime | None = None
    """When the restore job was reported as completed; None for a call."""
    backup_arn: str | None = None
    """The DynamoDB backup that was restored."""
    event_at: datetime | None = None
    """The call's eventTime, the job's completionDate; None if the event does not say."""
    event_id: str = ""
    """The call's eventID, the job's restoreJobId; empty if the event does not say."""


class RestoreEndedError(Exception):
    """The restore has been processed: the message is a second report of it."""


class RestoreClaimedError(Exception):
    """Another message processes the restore: wait until it has ended, or its lease has expired."""
