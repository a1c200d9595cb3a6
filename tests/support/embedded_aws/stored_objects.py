"""Which bucket and object an S3 call is about, read without a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.s3.models import FakeBucket, FakeKey, s3_backends

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


def bucket_of(call: Call) -> FakeBucket | None:
    """Return the bucket of a call, whichever account owns it; None if there is none."""
    name = str(call.parameters.get("Bucket", ""))
    partition, owner = s3_backends.bucket_accounts.get(name, ("", ""))
    return s3_backends[owner][partition].buckets.get(name) if owner else None


def object_of(call: Call) -> FakeKey | None:
    """Return the object of a call in the version that it asks for, by default the current one.

    None if there is none, or if the current version is a delete marker.
    """
    bucket = bucket_of(call)
    if bucket is None:
        return None
    backend = s3_backends[bucket.account_id][s3_backends.bucket_accounts[bucket.name][0]]
    found: FakeKey | None = backend.get_object(bucket.name, call.parameters["Key"], call.parameters.get("VersionId"))
    return found
