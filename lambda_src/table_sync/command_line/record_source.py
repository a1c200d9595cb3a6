"""A record as SOURCE of a command: a file, or an object in S3."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs

from table_sync import aws
from table_sync.command_line import command_errors
from table_sync.command_line.command_errors import CommandError
from table_sync.records import record as records
from table_sync.records.bucket import Bucket
from table_sync.records.record import InvalidRecordError
from table_sync.source import RecordSource

_URI = re.compile(r"s3://(?P<bucket>[^/?]+)/(?P<key>[^?]+)(\?(?P<query>.*))?")


def names_a_record(text: str) -> bool:
    """Say whether SOURCE is a file or an S3 URI, and not a table. A file has a slash in its name or ends in .json."""
    if aws.is_table_arn(text):
        return False
    return "/" in text or (text.endswith(".json") and Path(text).is_file())


def read(text: str, region: str) -> RecordSource:
    """Return the record in a file, or in an object of S3, which is called in `region`.

    Raises:
        CommandError: there is none, or it cannot be used.
        botocore.exceptions.BotoCoreError: S3 cannot be reached.
        botocore.exceptions.ClientError: S3 refused.

    """
    body, key, version_id = _in_s3(text, region) if text.startswith("s3://") else (_in_file(text), None, "")
    try:
        record = records.loads(body, key)
    except InvalidRecordError as error:
        raise CommandError(f"{text} cannot be used as a record: {error}.") from error
    return RecordSource(record, "The command names this record.", version_id)


def _in_file(text: str) -> bytes:
    try:
        with Path(text).open("rb") as file:
            # One byte more than allowed shows that it is too large.
            return file.read(records.LARGEST_BYTES + 1)
    except OSError as error:
        raise CommandError(
            f"{text} cannot be read ({command_errors.of_file(error)}): give a file that table-sync record has written."
        ) from error


def _in_s3(text: str, region: str) -> tuple[bytes, str | None, str]:
    """Return the object's body, its key if it is one of a bucket of records, and its version ID, "" for the newest."""
    match = _URI.fullmatch(text)
    query = parse_qs(match["query"] or "", keep_blank_values=True) if match else {}
    version_id = query.pop("versionId", [""])[-1]
    if not match or query:
        raise CommandError(f"{text} is not the URI of an object: give s3://BUCKET/KEY or s3://BUCKET/KEY?versionId=ID.")
    body = Bucket(match["bucket"], region).body(match["key"], version_id or None)
    if body is None:
        raise CommandError(f"{text} does not exist: check the bucket, the key and the version.")
    # A copy may have any key.
    return body, match["key"] if match["key"].startswith("settings/") else None, version_id
