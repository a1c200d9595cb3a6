"""The archived restores, newest first: which table was restored when, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import archived_restore, aws
from table_sync.aws import Location
from table_sync.command_line import command_errors
from table_sync.command_line.command_errors import CommandError
from table_sync.records import json_object

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

EPILOG = """\
BUCKET is the output records_bucket of the module. The restores are those of the account of the credentials, in the
Region of --region, AWS_REGION, AWS_DEFAULT_REGION or the profile. The command needs the permissions s3:ListBucket on
the bucket, and s3:GetObject on restores/* in it."""
_COLUMNS = ("called at", "restored table", "source table", "outcome", "ACTIVE after", "in sync after", "attempts")


@dataclass(frozen=True)
class ArchivedRestore:
    """One restore; `content` is its object, empty if it is not a JSON object."""

    key: str
    content: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {"key": self.key, **self.content}

    def cells(self) -> tuple[str, ...]:
        """Return the columns of its row."""
        called_at = self.content.get("called_at") or _event_time(self.key)
        return (
            str(called_at)[:19],
            self.key.split("/")[-2],
            str(self.content.get("source") or "?").rpartition("/")[2],
            str(self.content.get("outcome") or ("attempted" if self.content else "unreadable")),
            _after(called_at, self.content.get("active_at")),
            _after(called_at, self.content.get("in_sync_at")),
            str(self.content.get("attempts") or "-"),
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a parser take the command's arguments."""
    parser.add_argument("--bucket", metavar="BUCKET", required=True, help="name of the bucket of records")
    parser.add_argument("--limit", metavar="NUMBER", type=_count, help="list only the newest NUMBER (default: all)")
    parser.add_argument("--json", action="store_true", help="print the archived restores as JSON")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise CommandError(f"{text!r} is not a number of restores: give 1 or more to --limit.")
    return int(text)


def read(bucket: str, region: str, limit: int | None = None) -> list[ArchivedRestore]:
    """Return the restores of the caller's account in a Region, newest first, at most `limit`.

    Raises:
        CommandError: there is no such bucket.
        botocore.exceptions.BotoCoreError: AWS cannot be asked.
        botocore.exceptions.ClientError: AWS refused to say.

    """
    s3 = aws.client("s3", region)
    prefix = archived_restore.prefix(Location.of_caller(region))
    try:
        pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix))
    except ClientError as error:
        if command_errors.code(error) != "NoSuchBucket":
            raise
        raise CommandError(f"There is no bucket {bucket}: give the output records_bucket of the module.") from error
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    keys.sort(key=_event_time, reverse=True)
    found = ((key, json_object.read(s3, bucket, key)) for key in keys[:limit])
    return [ArchivedRestore(key, stored.content if stored else {}) for key, stored in found]


def table(restores: Sequence[ArchivedRestore]) -> str:
    """Return the restores as a plain table, one line each, or a sentence if there are none."""
    if not restores:
        return "The archive has no restores of this account and Region."
    rows = [_COLUMNS, *([_printable(cell) for cell in restore.cells()] for restore in restores)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _event_time(key: str) -> str:
    return key.rpartition("/")[2][:20]


def _after(start: Any, end: Any) -> str:  # noqa: ANN401 (any JSON)
    """Return how long it was from one time to another, "-" if one of them is not known."""
    try:
        seconds = round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    except (TypeError, ValueError):
        return "-"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _printable(text: str) -> str:
    """Return a text without what would control the terminal: others may write to the bucket."""
    return "".join(character if character.isprintable() else "?" for character in text)
