"""Bucket policies with their conditions, which moto leaves out: any Deny would hold for every request.

Every request counts as one over TLS, as those to the endpoints of AWS are. Another account may do what the policy
allows it, and nothing else (S3 user guide, How Amazon S3 authorizes a request).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.permissions import needs
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.embedded_aws.stored_objects import bucket_of, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.embedded_aws.calls import Call

_FORBIDDEN = 403
_RESULTS = {True: PermissionResult.PERMITTED, False: PermissionResult.DENIED, None: PermissionResult.NEUTRAL}


def check(call: Call) -> None:
    """Raise AwsError if a call of another account reaches a bucket whose policy does not allow it."""
    if call.service != "s3" or call.operation == "CreateBucket" or call.principal is None:
        return
    stored = bucket_of(call)
    if stored is None or call.principal.account == stored.account_id:
        return
    asked = list(needs(call))
    if call.operation == "GetObject" and not object_of(call):
        # Who may not list the bucket does not learn what is not there (S3 API reference, GetObject).
        asked.append(("s3:ListBucket", stored.arn, {}))
    for action, resource, context in asked:
        keys = {"aws:SecureTransport": "true", "aws:PrincipalAccount": call.principal.account} | context
        request = AccessRequest(call.principal.arn, action, resource, keys)
        if decision(stored.policy.decode() if stored.policy else None, request) is not True:
            raise AwsError(
                "AccessDenied",
                f"User: {request.principal} is not authorized to perform: {action} on resource: {resource} because no "
                f"resource-based policy allows the {action} action",
                _FORBIDDEN,
            )


@contextmanager
def evaluated() -> Iterator[None]:
    """Let moto ask here what a bucket's policy says of a request of the bucket's account."""

    def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        policy = bucket.policy.decode() if bucket.policy else None
        principal = f"arn:aws:iam::{bucket.account_id}:root"
        return _RESULTS[decision(policy, AccessRequest(principal, action, resource, {"aws:SecureTransport": "true"}))]

    with patch.object(FakeBucket, "get_permission", get_permission):
        yield
