"""The policy of a bucket of records that is in a recovery account, as docs/records.md describes it.

tests/terraform/test_examples.py compares it with that of the example.
"""

from __future__ import annotations

from typing import Any


def bucket_policy(bucket: str, account: str, recorder_role: str, function_role: str) -> dict[str, Any]:
    """Return what the roles (ARNs) of another account need on a bucket of records."""
    arn = f"arn:aws:s3:::{bucket}"

    def allow(sid: str, principal: str, actions: list[str], resource: str | list[str]) -> dict[str, Any]:
        return {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": actions,
            "Resource": resource,
        }

    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyOverTLS",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            allow(
                "WriteRecords",
                recorder_role,
                ["s3:GetObject", "s3:PutObject"],
                [f"{arn}/settings/v1/{account}/*", f"{arn}/event_history/v1/{account}/*"],
            ),
            allow("ReadRecords", function_role, ["s3:GetObjectVersion"], f"{arn}/settings/v1/{account}/*"),
            allow("WriteRestores", function_role, ["s3:GetObject", "s3:PutObject"], f"{arn}/restores/v1/{account}/*"),
            allow("ListObjects", recorder_role, ["s3:ListBucket"], arn)
            | {"Condition": {"StringLike": {"s3:prefix": [f"settings/v1/{account}/*", f"restores/v1/{account}/*"]}}},
            allow("ListVersions", function_role, ["s3:ListBucketVersions"], arn)
            | {"Condition": {"StringLike": {"s3:prefix": f"settings/v1/{account}/*"}}},
        ],
    }
