"""A message of the queue: it returns with a delay, or goes to the dead-letter queue with a reason."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from table_sync.aws import client

if TYPE_CHECKING:
    from collections.abc import Mapping

# A message attribute takes no other characters and may not be empty (API reference, SendMessage).
_FORBIDDEN = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# Body and attributes share the message's size limit; a reason this long leaves room beside any event.
_LONGEST_REASON = 2048
_FAILURE_REASON = "FailureReason"


@dataclass(frozen=True)
class Message:
    """A message as Lambda delivers it (Lambda developer guide, Using Lambda with Amazon SQS)."""

    id: str
    body: str = field(repr=False)
    receipt_handle: str = field(repr=False)
    region: str
    attempt: int
    """How many times the message has been received, 1 or more."""
    sent_at: float = math.inf
    """When it was sent to the queue, in epoch seconds; infinite if the event does not say."""
    has_failed: bool = False
    """Whether it was in the dead-letter queue, with the reason of a failed restore, and was redriven."""

    def return_to_queue(self, queue_url: str, delay: int) -> None:
        """Make the message invisible for `delay` seconds (ChangeMessageVisibility takes effect at once).

        Raises:
            botocore.exceptions.ClientError: SQS refused.

        """
        client("sqs", self.region).change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=self.receipt_handle, VisibilityTimeout=delay
        )

    def send_to_dead_letter_queue(self, dlq_url: str, reason: str) -> None:
        """Send the message's body, unchanged, to the dead-letter queue with the reason why it cannot succeed.

        Raises:
            botocore.exceptions.ClientError: SQS refused.

        """
        value = re.sub(_FORBIDDEN, "\N{REPLACEMENT CHARACTER}", reason)[:_LONGEST_REASON] or "unknown"
        client("sqs", self.region).send_message(
            QueueUrl=dlq_url,
            MessageBody=self.body,
            MessageAttributes={_FAILURE_REASON: {"DataType": "String", "StringValue": value}},
        )


def messages_of(event: Any) -> list[Message] | None:  # noqa: ANN401 (any JSON)
    """Return the messages of an SQS event, None if it is not one."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records or len(event) > 1:
        return None
    messages = [_message(record) for record in records]
    known = [message for message in messages if message]
    return known if len(known) == len(messages) else None


def _message(record: Any) -> Message | None:  # noqa: ANN401 (any JSON)
    if not isinstance(record, dict) or not isinstance(record.get("attributes"), dict):
        return None
    texts: Mapping[str, Any] = {key: record.get(key) for key in ("messageId", "body", "receiptHandle", "awsRegion")}
    count = str(record["attributes"].get("ApproximateReceiveCount"))
    if not all(isinstance(text, str) for text in texts.values()) or not count.isdecimal():
        return None
    sent = str(record["attributes"].get("SentTimestamp"))
    attributes = record.get("messageAttributes")
    return Message(
        texts["messageId"],
        texts["body"],
        texts["receiptHandle"],
        texts["awsRegion"],
        attempt=max(1, int(count)),
        sent_at=int(sent) / 1000 if sent.isdecimal() else math.inf,
        has_failed=isinstance(attributes, dict) and _FAILURE_REASON in attributes,
    )
