"""Which KMS keys S3 and SQS use for a call with the permissions of its caller, and for what.

Source: S3 user guide, Using server-side encryption with AWS KMS keys, Permissions (kms:GenerateDataKey to upload,
kms:Decrypt to download); SQS developer guide, Key management, Configure KMS permissions for Amazon SQS (producers:
kms:GenerateDataKey and kms:Decrypt; consumers: kms:Decrypt for any key with which messages of the queue are encrypted).

Customer managed keys that are named by ARN. Not modelled: key policies, grants, keys that are disabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.embedded_aws.stored_objects import bucket_of, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call

DECRYPT, GENERATE = "kms:Decrypt", "kms:GenerateDataKey"


def uses(aws: EmbeddedAWS, call: Call) -> Iterator[tuple[str, str]]:
    """Yield the actions on keys that a call needs, each with the key's ARN."""
    needed = {"s3": _of_s3, "sqs": _of_sqs}.get(call.service, _of_others)(aws, call)
    yield from ((action, key) for action, key in needed if key and key.startswith("arn:"))


def _of_others(_: EmbeddedAWS, __: Call) -> Iterator[tuple[str, str | None]]:
    yield from ()


def _of_s3(_: EmbeddedAWS, call: Call) -> Iterator[tuple[str, str | None]]:
    if call.operation in {"GetObject", "HeadObject"}:
        found = object_of(call)
        yield DECRYPT, found.kms_key_id if found else None
    elif call.operation == "PutObject":
        bucket = bucket_of(call)
        rule = (bucket.encryption or {}).get("Rule", {}) if bucket else {}
        default = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        yield GENERATE, call.parameters.get("SSEKMSKeyId", default)


def _of_sqs(aws: EmbeddedAWS, call: Call) -> Iterator[tuple[str, str | None]]:
    queue = aws.sqs.queue_of(call)
    if queue is None:
        return
    if call.operation in {"SendMessage", "SendMessageBatch"}:
        yield GENERATE, queue.key
        yield DECRYPT, queue.key
    elif call.operation == "ReceiveMessage":
        for key in sorted({message.key for message in queue.kept() if message.key}):
            yield DECRYPT, key
