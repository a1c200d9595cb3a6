"""One record: what a table's settings were, as JSON in an S3 object. A record is untrusted input."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeGuard

from table_sync.aws import Table, is_table_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
# A table's settings are a few kilobytes. What is larger is not read into the function's memory.
LARGEST_BYTES = 1_000_000
_KEY = re.compile(
    r"settings/v1/(?P<account>[0-9]{12})/(?P<region>[a-z0-9-]+)/(?P<name>[a-zA-Z0-9_.-]{3,255})/"
    r"(?P<table_id>[a-zA-Z0-9-]{1,64})\.json"
)


class InvalidRecordError(Exception):
    """An object is not a record that can be used; the message is a clause that says why."""


@dataclass(frozen=True)
class Record:
    """The settings of one table lifetime: a table from its creation to its deletion."""

    table: str
    """ARN."""
    table_id: str
    created_at: datetime
    recorded_at: datetime
    settings: Mapping[str, Any]
    """By setting name, in the field names of the AWS APIs; None where the table has none."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """By setting name, why its value may be older than the record, or is missing."""
    deleted_at: datetime | None = None
    """When the table was found to be deleted."""

    @property
    def key(self) -> str:
        """The key of the record's object."""
        return f"{prefix(Table(self.table))}{self.table_id}.json"

    def has_settings_of(self, other: Record) -> bool:
        """Say whether both say the same, but for the time of recording."""
        return (self.settings, self.unreadable, self.deleted_at) == (
            other.settings,
            other.unreadable,
            other.deleted_at,
        )


def prefix(table: Table) -> str:
    """Return what the keys of all lifetimes of a table's name begin with."""
    return f"settings/v1/{table.account}/{table.region}/{table.name}/"


def is_key_of(table: Table, key: str) -> bool:
    """Say whether a key is that of a record of the table."""
    return _KEY.fullmatch(key) is not None and key.startswith(prefix(table))


def dumps(record: Record) -> bytes:
    """Return the body of the record's object: the same bytes for the same record."""
    body = {
        "version": VERSION,
        "table": record.table,
        "table_id": record.table_id,
        "created_at": _text(record.created_at),
        "recorded_at": _text(record.recorded_at),
        "settings": record.settings,
        "unreadable": record.unreadable,
    }
    if record.deleted_at:
        body["deleted_at"] = _text(record.deleted_at)
    return json.dumps(body, indent=1, sort_keys=True).encode()


def loads(body: bytes, key: str | None = None) -> Record:
    """Read a record; fields that are not known are ignored.

    Args:
        body: of the object, or of a file.
        key: of the object, whose account, Region, table and TableId the record must have; None for a file.

    Raises:
        InvalidRecordError: it is not a record, not this table's, or of a newer version.

    """
    document = _document(body)
    table, table_id = document.get("table"), document.get("table_id")
    if not is_table_arn(table) or not isinstance(table_id, str):
        raise InvalidRecordError("it does not name a table")
    settings, unreadable = document.get("settings"), document.get("unreadable", {})
    if not _maps(settings, dict, type(None)) or not _maps(unreadable, str):
        raise InvalidRecordError("its settings are not an object with one object per setting")
    record = Record(
        table=table,
        table_id=table_id,
        created_at=_time(document, "created_at"),
        recorded_at=_time(document, "recorded_at"),
        settings=settings,
        unreadable=unreadable,
        deleted_at=_time(document, "deleted_at") if "deleted_at" in document else None,
    )
    if not _KEY.fullmatch(record.key):
        raise InvalidRecordError("its table_id is not a TableId")
    if key is not None and record.key != key:
        raise InvalidRecordError(f"it is of {table} with TableId {table_id}, and its key is not")
    return record


def _document(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST_BYTES:
        raise InvalidRecordError(f"it has {len(body):,} bytes, more than the {LARGEST_BYTES:,} that a record may have")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRecordError("it is not JSON") from None
    if not isinstance(document, dict) or not _is_number(document.get("version")):
        raise InvalidRecordError("it is not a record: it has no version")
    if document["version"] > VERSION:
        raise InvalidRecordError(
            f"it has version {document['version']}, and this function reads records up to version {VERSION}: "
            "update the module"
        )
    if document["version"] < 1:
        raise InvalidRecordError(f"it has version {document['version']}, which does not exist")
    return document


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _maps(value: object, *types: type) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and all(isinstance(item, types) for item in value.values())


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()


def _time(document: Mapping[str, Any], name: str) -> datetime:
    try:
        time = datetime.fromisoformat(document[name])
    except (KeyError, TypeError, ValueError):
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidRecordError(f"its {name} is not a time with a time zone")
    return time
