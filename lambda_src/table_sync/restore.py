"""From an event to the restore that it reports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from table_sync.aws import is_table_arn, is_table_name, table_arn


class NotARestoreError(Exception):
    """The event is nothing that this function understands; the message says why, without quoting the event."""


class RestoreRefusedError(Exception):
    """The restore call itself failed, so there is no table to look after; the message is its error code."""


@dataclass(frozen=True)
class Restore:
    """Which table was restored from which: both as ARNs."""

    source: str
    target: str


def parse(body: str) -> Restore:
    """Read a message body: an EventBridge event that CloudTrail made of a RestoreTableToPointInTime call.

    Only what is needed is read: the event's other fields vary (userIdentity) or are null (responseElements).

    Raises:
        NotARestoreError: it is not such an event.
        RestoreRefusedError: it is one of a call that failed.

    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotARestoreError("The message is not JSON.") from None
    detail = event.get("detail") if isinstance(event, dict) else None
    if not isinstance(detail, dict):
        raise NotARestoreError("The message is not an EventBridge event.")
    if (detail.get("eventSource"), detail.get("eventName")) != ("dynamodb.amazonaws.com", "RestoreTableToPointInTime"):
        raise NotARestoreError("The event is not a RestoreTableToPointInTime call.")
    if detail.get("errorCode"):
        raise RestoreRefusedError(str(detail["errorCode"]))
    return _restore(event, detail)


def _restore(event: dict[str, Any], detail: dict[str, Any]) -> Restore:
    region = detail.get("awsRegion") or event.get("region")
    account = detail.get("recipientAccountId") or event.get("account")
    parameters = detail.get("requestParameters")
    if not isinstance(parameters, dict):
        raise NotARestoreError("The event has no requestParameters.")
    target = parameters.get("targetTableName")
    source = parameters.get("sourceTableArn") or parameters.get("sourceTableName")
    if not is_table_name(target):
        raise NotARestoreError("The event's targetTableName is not a table name.")
    if not is_table_name(source) and not is_table_arn(source):
        raise NotARestoreError("The event's source is neither a table name nor the ARN of a table.")
    if not (isinstance(region, str) and isinstance(account, str) and is_table_arn(table_arn(region, account, target))):
        raise NotARestoreError("The event's Region or account is not one.")
    return Restore(
        source=source if is_table_arn(source) else table_arn(region, account, source),
        target=table_arn(region, account, target),
    )
