"""The list of records in the bucket, which says of which tables it is known that they are deleted.

An empty object beside the record of a deleted table says so: the list of a bucket shows it, and so no sweep reads the
record to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_RECORD, _MARK = ".json", ".deleted"


@dataclass(frozen=True)
class ListedRecord:
    """A record as the list shows it."""

    key: str
    deleted: bool
    """Whether it is known that its table is deleted."""


def read(s3: Any, bucket: str, prefix: str, after: str = "") -> Iterator[ListedRecord]:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Yield the records whose keys begin with a prefix and come after another key, in the order of their keys.

    Raises:
        botocore.exceptions.ClientError: S3 refused.

    """
    start = {"StartAfter": after} if after else {}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **start)
    mark: dict[str, Any] = {"Key": ""}
    for found in (found for page in pages for found in page.get("Contents", [])):
        key = found["Key"]
        if key.endswith(_MARK):
            mark = found
        elif key.endswith(_RECORD):
            # A mark comes before its record. A record that was written later is of a table that was there after all.
            deleted = mark["Key"] == _mark_of(key) and mark["LastModified"] >= found["LastModified"]
            yield ListedRecord(key, deleted)


def mark_deleted(s3: Any, bucket: str, key: str) -> None:  # noqa: ANN401 (as above)
    """Let the list say that the table of a record is deleted, which the record says already.

    Raises:
        botocore.exceptions.ClientError: S3 refused.

    """
    s3.put_object(Bucket=bucket, Key=_mark_of(key), Body=b"")


def _mark_of(key: str) -> str:
    return f"{key.removesuffix(_RECORD)}{_MARK}"
