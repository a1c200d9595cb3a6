"""The bucket of records: object versions, conditional writes, and nothing that deletes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync.aws import Table, client
from table_sync.records import json_object
from table_sync.records import record as records
from table_sync.records.record import InvalidRecordError, Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_NOT_THERE = {"NoSuchKey", "NoSuchVersion"}


@dataclass(frozen=True)
class ObjectVersion:
    """One version of a record's object."""

    key: str
    version_id: str
    modified_at: datetime
    """S3's own time of the version, whole seconds."""
    size: int
    is_latest: bool


class Bucket:
    """A versioned bucket, possibly of another account, seen from a Region."""

    def __init__(self, name: str, region: str) -> None:
        """Make no call.

        Args:
            name: of the bucket.
            region: from which it is called; S3 redirects to the bucket's own.

        """
        self.name = name
        self._region = region

    @property
    def _s3(self) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
        return client("s3", self._region)

    def versions(self, table: Table) -> list[ObjectVersion]:
        """Return the versions of the records of all lifetimes of a table's name, the newest of each key first.

        Raises:
            botocore.exceptions.ClientError: S3 refused.

        """
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=records.prefix(table))
        return [version for page in pages for version in _versions(page) if records.is_key_of(table, version.key)]

    def read(self, key: str, version_id: str | None = None) -> Record | None:
        """Return a record, the newest version by default; None if there is none.

        Raises:
            InvalidRecordError: the object is not a usable record.
            botocore.exceptions.ClientError: S3 refused.

        """
        found = self._get(key, version_id)
        return None if found is None else records.loads(found[0], key)

    def body(self, key: str, version_id: str | None = None) -> bytes | None:
        """Return what an object holds, but no more than a byte above the limit; None if there is none.

        Raises:
            botocore.exceptions.ClientError: S3 refused.

        """
        found = self._get(key, version_id)
        return None if found is None else found[0]

    def newest(self, key: str) -> tuple[Record | None, str]:
        """Return the newest version of a record and its ETag, to write the next one; (None, "") if there is none.

        An object that is not a usable record is None with its ETag: the next write replaces it.

        Raises:
            botocore.exceptions.ClientError: S3 refused.

        """
        found = self._get(key, None)
        if found is None:
            return None, ""
        body, etag = found
        try:
            return records.loads(body, key), etag
        except InvalidRecordError:
            return None, etag

    def write(self, record: Record, etag: str) -> None:
        """Write the next version of a record.

        Args:
            record: to write.
            etag: of the version that it replaces, "" if it is the first.

        Raises:
            table_sync.records.json_object.OvertakenError: another version has been written meanwhile.
            botocore.exceptions.ClientError: S3 refused for another reason.

        """
        json_object.put(self._s3, self.name, record.key, records.dumps(record), etag)

    def _get(self, key: str, version_id: str | None) -> tuple[bytes, str] | None:
        version = {"VersionId": version_id} if version_id else {}
        try:
            answer = self._s3.get_object(Bucket=self.name, Key=key, **version)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise
        # One byte more than allowed shows that it is too large, without reading all of it.
        return json_object.body_of(answer, records.LARGEST_BYTES + 1), answer["ETag"]


def _versions(page: dict[str, Any]) -> Iterator[ObjectVersion]:
    for version in page.get("Versions", []):
        yield ObjectVersion(
            key=version["Key"],
            version_id=version["VersionId"],
            modified_at=version["LastModified"],
            size=version["Size"],
            is_latest=version["IsLatest"],
        )
