"""JSON objects in a bucket, read and written on the condition that nobody else has written meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, IncompleteReadError

# A report of thousands of triggers is not larger.
_LARGEST_BYTES = 10_000_000
# Conditional writes: the object is there, or another one (S3 user guide, How to prevent object overwrites with
# conditional writes). With If-Match, an object that was deleted meanwhile answers NoSuchKey.
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
# To a caller who may not list the bucket, S3 answers AccessDenied for an object that does not exist (API reference,
# GetObject). Should the object exist, a write that expects none is refused.
_NOT_THERE = {"NoSuchKey", "AccessDenied"}


class OvertakenError(Exception):
    """Another writer was faster: read again."""


@dataclass(frozen=True)
class JsonObject:
    """The content of an object, and its ETag to write the next version; without an ETag it is not written yet."""

    content: dict[str, Any]
    etag: str = ""


def read(s3: Any, bucket: str, key: str) -> JsonObject | None:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Return an object, None if there is none; one that is not a JSON object has no content.

    Raises:
        botocore.exceptions.BotoCoreError: the answer did not arrive, or not all of it.
        botocore.exceptions.ClientError: S3 refused.

    """
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_THERE:
            return None
        raise
    try:
        content = json.loads(body_of(answer, _LARGEST_BYTES))
    except (ValueError, RecursionError):
        content = None
    return JsonObject(content if isinstance(content, dict) else {}, answer["ETag"])


def body_of(answer: dict[str, Any], most_bytes: int) -> bytes:
    """Return the body of a GetObject answer, or its first `most_bytes`.

    Raises:
        botocore.exceptions.BotoCoreError: the connection ended before. botocore compares lengths only if all is read.

    """
    body: bytes = answer["Body"].read(most_bytes)
    expected = min(answer["ContentLength"], most_bytes)
    if len(body) < expected:
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=expected)
    return body


def write(s3: Any, bucket: str, key: str, content: dict[str, Any], etag: str) -> JsonObject:  # noqa: ANN401 (as above)
    """Write the next version of an object, and return it.

    Args:
        s3: client.
        bucket: its name.
        key: of the object.
        content: JSON types.
        etag: of the version that it replaces, "" if it is the first.

    Raises:
        OvertakenError: another version has been written meanwhile.
        botocore.exceptions.ClientError: S3 refused for another reason.

    """
    return JsonObject(content, put(s3, bucket, key, json.dumps(content, indent=1).encode(), etag))


def put(s3: Any, bucket: str, key: str, body: bytes, etag: str) -> str:  # noqa: ANN401 (as above)
    """Write the next version of an object from its JSON text, as write() does; return its ETag."""
    condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        answer = s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
    except ClientError as error:
        if error.response["Error"]["Code"] in _OVERTAKEN:
            raise OvertakenError from error
        raise
    return str(answer["ETag"])


def time_text(at: float, timespec: str = "milliseconds") -> str:
    """Return a time (epoch seconds) as the objects have it: UTC, to the `timespec` of datetime.isoformat()."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def epoch(text: str) -> float:
    """Return the epoch seconds of a time as the objects have it.

    Raises:
        ValueError: it is not a time.

    """
    return datetime.fromisoformat(text).timestamp()
