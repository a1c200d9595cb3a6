"""Bucket policies with their conditions, which moto leaves out: any Deny would hold for every request.

Every request counts as one over TLS, as those to the endpoints of AWS are.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from tests.support.embedded_aws.policies import AccessRequest, decision

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESULTS = {True: PermissionResult.PERMITTED, False: PermissionResult.DENIED, None: PermissionResult.NEUTRAL}


@contextmanager
def evaluated() -> Iterator[None]:
    """Let moto ask here what a bucket's policy says of a request of the bucket's account."""

    def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        policy = bucket.policy.decode() if bucket.policy else None
        principal = f"arn:aws:iam::{bucket.account_id}:root"
        return _RESULTS[decision(policy, AccessRequest(principal, action, resource, {"aws:SecureTransport": "true"}))]

    with patch.object(FakeBucket, "get_permission", get_permission):
        yield
