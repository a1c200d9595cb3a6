"""What happens to a message: handed back with a delay, or quarantined in the dead-letter queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from table_sync.aws import client

if TYPE_CHECKING:
    from collections.abc import Mapping

# A message attribute takes no other characters and may not be empty (API reference, SendMessage).
_FORBIDDEN = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# Body and attributes share the message's size limit; a reason this long leaves room beside any event.
_LONGEST_REASON = 2048


def hand_back(record: Mapping[str, Any], queue_url: str, delay: int) -> None:
    """Let the message be invisible for `delay` seconds (ChangeMessageVisibility takes effect at once).

    Raises:
        botocore.exceptions.ClientError: SQS refused.

    """
    client("sqs", record["awsRegion"]).change_message_visibility(
        QueueUrl=queue_url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=delay
    )


def quarantine(record: Mapping[str, Any], dlq_url: str, reason: str) -> None:
    """Send the message's body, unchanged, to the dead-letter queue with the reason why it cannot succeed.

    Raises:
        botocore.exceptions.ClientError: SQS refused.

    """
    value = re.sub(_FORBIDDEN, "\N{REPLACEMENT CHARACTER}", reason)[:_LONGEST_REASON] or "unknown"
    client("sqs", record["awsRegion"]).send_message(
        QueueUrl=dlq_url,
        MessageBody=record["body"],
        MessageAttributes={"FailureReason": {"DataType": "String", "StringValue": value}},
    )


def attempt(record: Mapping[str, Any]) -> int:
    """Return how many times the message has been received, 1 or more."""
    return max(1, int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)))
