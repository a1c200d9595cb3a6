"""Recording a table: all its settings as they are now."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import errors
from table_sync.errors import Meaning
from table_sync.records.record import Record
from table_sync.settings import SETTINGS

if TYPE_CHECKING:
    from table_sync.aws import Table

# A setting that AWS does not offer in a Region is one that no table there has.
_READ_LATER = {Meaning.NOT_READY, Meaning.TRANSIENT}


def snapshot(table: Table, previous: Record | None) -> Record:
    """Return the record of a described table, whatever the toggles say; makes reads only.

    Args:
        table: described.
        previous: the record that the new one follows. Of a setting that cannot be read, its value stays.

    Raises:
        Exception: a read was throttled, or AWS is at work on the table: try again later (errors.meaning).

    """
    settings: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    for setting in SETTINGS:
        try:
            settings[setting.NAME] = setting.fetch(table)
        except Exception as error:
            meaning = errors.meaning(error)
            if meaning in _READ_LATER:
                raise
            if meaning is Meaning.UNSUPPORTED:
                settings[setting.NAME] = None
                continue
            unreadable[setting.NAME] = _reason(error)
            if previous and setting.NAME in previous.settings:
                settings[setting.NAME] = previous.settings[setting.NAME]
    return Record(
        table=table.arn,
        table_id=table.description["TableId"],
        created_at=table.description["CreationDateTime"],
        recorded_at=datetime.fromtimestamp(time.time(), UTC),
        settings=settings,
        unreadable=unreadable,
    )


def _reason(error: Exception) -> str:
    """Return why a setting cannot be read: the same text for the same reason, so that it makes no new version."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error'].get('Code', '')}"
    return errors.explain(error)
