"""`record`, which prints a table's settings as a record, and `records`, which lists those of a bucket."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.command_line.command_errors import CommandError
from table_sync.command_line.differences import text
from table_sync.records import record as records
from table_sync.records.bucket import Bucket
from table_sync.records.record import InvalidRecordError
from table_sync.records.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from table_sync.aws import Table
    from table_sync.records.bucket import ObjectVersion
    from table_sync.records.record import Record

RECORD_EPILOG = """\
Reads only. Save the output, and give the file to diff or sync as SOURCE when the table is gone:

  table-sync record orders > orders.json"""
RECORDS_EPILOG = """\
Reads only. Each version shows how it differs from the one before. Lifetimes and versions are listed newest first. Each
time that a table of this name is created, a new lifetime begins.

  table-sync records orders --bucket my-records"""
# What identifies the entries of a list, in the field names of the APIs.
_IDENTITY = (
    "Key",
    "AlarmName",
    "FunctionArn",
    "PolicyName",
    "ScheduledActionName",
    "ResourceId",
    "ScalableDimension",
    "StreamArn",
    "ResourceArn",
    "IndexName",
)


@dataclass(frozen=True)
class Version:
    """One version of a record, and in what it differs from the version before."""

    found: ObjectVersion
    record: Record | None
    """None if it cannot be used."""
    invalid: str
    """Why it cannot be used, "" if it can."""
    differences: Mapping[str, Sequence[str]]
    """By setting, one line for each value that differs; of the oldest version, all that the table had."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON types."""
        more: dict[str, Any] = {"invalid": self.invalid} if self.record is None else {"differences": self.differences}
        return {"version_id": self.found.version_id, "modified_at": self.found.modified_at.isoformat(), **more}


def print_record(table: Table) -> None:
    """Print the record of a described table.

    Raises:
        CommandError: a setting cannot be read; the record without it has been printed.
        botocore.exceptions.ClientError: AWS refused for now.

    """
    record = snapshot(table, None)
    print(records.dumps(record).decode())
    if record.unreadable:
        reasons = "; ".join(f"{name} ({reason})" for name, reason in sorted(record.unreadable.items()))
        raise CommandError(f"These settings could not be read and are missing from the record: {reasons}.")


def print_records(table: Table, bucket: str, *, as_json: bool) -> None:
    """Print the lifetimes of a table's name and the versions of each.

    Raises:
        CommandError: the bucket has none.
        botocore.exceptions.ClientError: S3 refused.

    """
    store = Bucket(bucket, table.region)
    lifetimes: dict[str, list[ObjectVersion]] = {}
    for found in store.versions(table):
        lifetimes.setdefault(found.key, []).append(found)
    if not lifetimes:
        raise CommandError(
            f"Bucket {bucket} has no record of {table.name} in {table.region}, account {table.account}: check the "
            "name, the Region and the bucket."
        )
    read = {key: list(_versions(store, versions)) for key, versions in lifetimes.items()}
    ordered = sorted(read, key=lambda key: read[key][0].found.modified_at, reverse=True)
    if as_json:
        shown = [{"key": key, "versions": [version.as_dict() for version in read[key]]} for key in ordered]
        json.dump({"table": table.arn, "bucket": bucket, "lifetimes": shown}, sys.stdout, indent=2)
        print()
        return
    print(f"{table.arn} in {bucket}")
    for key in ordered:
        print(f"\n{_lifetime(key, read[key])}")
        for version in read[key]:
            print(f"  {_time(version.found.modified_at)}  {version.found.version_id}")
            for line in _lines(version):
                print(f"    {line}")


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values in which the settings of two records differ, one line each, by setting."""
    found = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = _leaves(before.get(name)), _leaves(after.get(name))
        lines = [
            f"{path}: {text(old.get(path))} -> {text(new.get(path))}"
            for path in {**old, **new}
            if old.get(path) != new.get(path)
        ]
        if lines:
            found[name] = lines
    return found


def _versions(bucket: Bucket, found: Sequence[ObjectVersion]) -> Iterator[Version]:
    """Read the versions of one key, the newest first."""
    oldest_first = sorted(found, key=lambda version: (version.modified_at, version.is_latest))
    before: Mapping[str, Any] = {}
    read = []
    for version in oldest_first:
        try:
            record, invalid = bucket.read(version.key, version.version_id), "it has expired meanwhile"
        except InvalidRecordError as error:
            record, invalid = None, str(error)
        differences = between(before, record.settings) if record else {}
        read.append(Version(version, record, "" if record else invalid, differences))
        before = record.settings if record else before
    return reversed(read)


def _lifetime(key: str, versions: Sequence[Version]) -> str:
    record = next((version.record for version in versions if version.record), None)
    table_id = key.rpartition("/")[2].removesuffix(".json")
    if record is None:
        return f"TableId {table_id}"
    deleted = f", found deleted {_time(record.deleted_at)}" if record.deleted_at else ""
    return f"TableId {table_id}, created {_time(record.created_at)}{deleted}"


def _lines(version: Version) -> Iterator[str]:
    if version.record is None:
        yield f"cannot be used: {version.invalid}"
        return
    for name, lines in version.differences.items():
        for line in lines:
            yield f"{name}: {line}"
    for name, reason in sorted(version.record.unreadable.items()):
        yield f"{name} could not be read: {reason}"


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _leaves(value: object) -> dict[str, Any]:
    return dict(_walk("", value)) if value is not None else {}


def _walk(path: str, node: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (any JSON)
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _walk(f"{path}.{name}" if path else name, value)
    elif isinstance(node, list) and node and all(isinstance(entry, dict) and _identity(entry) for entry in node):
        for entry in node:
            rest = {name: value for name, value in entry.items() if name not in _IDENTITY}
            yield from _walk(f"{path}[{_identity(entry)}]", rest)
    else:
        yield path, node


def _identity(entry: Mapping[str, Any]) -> str:
    return " ".join(str(entry[name]) for name in _IDENTITY if name in entry)
