"""From an event to the restore that it reports."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from table_sync.aws import is_table_arn, is_table_name, table_arn

# The second is of backups with AWS Backup's advanced features for DynamoDB.
_RESOURCE_TYPES = ("DynamoDB", "DynamoDB.FullyManaged")
# It is logged, which no other part of an event may be: nothing else may pass for one.
_ERROR_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,127}")


class NotARestoreError(Exception):
    """The event is nothing that this function understands; the message says why, without quoting the event."""


class RestoreRefusedError(Exception):
    """The restore itself failed, so there is no table to look after; the message is its error code or status."""


@dataclass(frozen=True)
class Restore:
    """Which table was restored from which, both as ARNs, and when."""

    source: str
    target: str
    at: datetime | None = None
    """Time of the event: of a restore call, or of the end of a restore job; None where the event does not tell."""


def parse(body: str) -> Restore:
    """Read a message body: an EventBridge event of a restore call (CloudTrail) or of a restore job (AWS Backup).

    Only what is needed is read: the event's other fields vary (userIdentity) or are null (responseElements).

    Raises:
        NotARestoreError: it is not such an event.
        RestoreRefusedError: it is one of a call or job that failed.

    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotARestoreError("The message is not JSON.") from None
    detail = event.get("detail") if isinstance(event, dict) else None
    if not isinstance(detail, dict):
        raise NotARestoreError("The message is not an EventBridge event.")
    if event.get("source") == "aws.backup":
        return _of_backup_job(event, detail)
    if detail.get("eventSource") != "dynamodb.amazonaws.com":
        raise NotARestoreError("The event is of neither DynamoDB nor AWS Backup.")
    return _of_call(event, detail)


def _of_call(event: dict[str, Any], detail: dict[str, Any]) -> Restore:
    """Read CloudTrail's event of a DynamoDB call."""
    name = detail.get("eventName")
    if name not in ("RestoreTableToPointInTime", "RestoreTableFromBackup"):
        raise NotARestoreError("The event is not of a call that restores a table.")
    error_code = detail.get("errorCode")
    if isinstance(error_code, str) and _ERROR_CODE.fullmatch(error_code):
        raise RestoreRefusedError(error_code)
    if error_code:
        raise NotARestoreError("The event's errorCode is not one.")
    parameters = detail.get("requestParameters")
    if not isinstance(parameters, dict):
        raise NotARestoreError("The event has no requestParameters.")
    read_source = _source_of_backup if name == "RestoreTableFromBackup" else _source_of_point_in_time
    source = read_source(parameters)
    target = parameters.get("targetTableName")
    if not is_table_name(target):
        raise NotARestoreError("The event's targetTableName is not a table name.")
    region = detail.get("awsRegion") or event.get("region")
    account = detail.get("recipientAccountId") or event.get("account")
    if not (isinstance(region, str) and isinstance(account, str) and is_table_arn(table_arn(region, account, target))):
        raise NotARestoreError("The event's Region or account is not one.")
    return Restore(
        source=source if is_table_arn(source) else table_arn(region, account, source),
        target=table_arn(region, account, target),
        at=_time(detail.get("eventTime")),
    )


def _source_of_point_in_time(parameters: dict[str, Any]) -> str:
    """Return the name or ARN of a RestoreTableToPointInTime call's source."""
    source = parameters.get("sourceTableArn") or parameters.get("sourceTableName")
    if not is_table_name(source) and not is_table_arn(source):
        raise NotARestoreError("The event's source is neither a table name nor the ARN of a table.")
    return source


def _source_of_backup(parameters: dict[str, Any]) -> str:
    """Return the ARN of a RestoreTableFromBackup call's source: the backup's (TABLE_ARN/backup/ID) begins with it."""
    source, separator, _ = str(parameters.get("backupArn")).rpartition("/backup/")
    if not separator or not is_table_arn(source):
        raise NotARestoreError("The event's backupArn is not the ARN of a DynamoDB backup.")
    return source


def _of_backup_job(event: dict[str, Any], detail: dict[str, Any]) -> Restore:
    """Read AWS Backup's event of a restore job, whose table is there already.

    Source: AWS Backup developer guide, Monitoring AWS Backup events using Amazon EventBridge, Restore Job events.
    """
    status = detail.get("status")
    if event.get("detail-type") != "Restore Job State Change" or detail.get("resourceType") not in _RESOURCE_TYPES:
        raise NotARestoreError("The event of AWS Backup is not of a restore job of a DynamoDB table.")
    if status in ("FAILED", "ABORTED"):
        raise RestoreRefusedError(status)
    if status != "COMPLETED":
        raise NotARestoreError("The restore job is not COMPLETED.")
    source, target = detail.get("sourceResourceArn"), detail.get("createdResourceArn")
    if not is_table_arn(source) or not is_table_arn(target):
        raise NotARestoreError("The restore job's sourceResourceArn or createdResourceArn is not the ARN of a table.")
    return Restore(source, target, _time(event.get("time")))


def _time(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return time if time and time.tzinfo else None
