"""The event that Lambda makes of SQS messages, and what it reads from the function's answer."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def sqs_event(messages: Sequence[Mapping[str, Any]], queue_arn: str) -> dict[str, Any]:
    """Return the event for `messages` (of ReceiveMessage) from one queue.

    Source: Lambda developer guide, Using Lambda with Amazon SQS, example standard queue message event.
    """
    return {"Records": [_record(message, queue_arn) for message in messages]}


def failed_message_ids(response: Any, message_ids: Sequence[str], response_types: Sequence[str]) -> set[str]:
    """Return the ids of the messages that stay in the queue after the function returned `response` (any JSON value).

    Source: Lambda developer guide, Implementing partial batch responses, success and failure conditions: no failures,
    null or an empty answer is a success of the batch; an identifier that is empty, null, under another key or of no
    message of the batch is a failure of the batch. Without ReportBatchItemFailures the answer is not read.
    """
    if "ReportBatchItemFailures" not in response_types or not response:
        return set()
    if not isinstance(response, dict):
        return set(message_ids)
    failures = response.get("batchItemFailures") or []
    if not isinstance(failures, list):
        return set(message_ids)
    identifiers = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures]
    if all(identifier in message_ids for identifier in identifiers):
        return set(message_ids).intersection(identifiers)
    return set(message_ids)


def _record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    attribute: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return attribute
