"""From an event to the restore that it reports."""

from __future__ import annotations

import json
import re
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

from table_sync.aws import Location, is_table_arn, is_table_name
from table_sync.restore import Restore

# The second is of backups with AWS Backup's advanced features for DynamoDB.
_RESOURCE_TYPES = ("DynamoDB", "DynamoDB.FullyManaged")
# A backup's ARN, which DescribeBackup takes: DynamoDB's own, and none of AWS Backup (arn:aws:backup:...).
_BACKUP_ARN = re.compile(r"(?P<table>arn:[^:]+:dynamodb:.+)/backup/[A-Za-z0-9-]+")
# It is logged, which no other part of an event may be: nothing else may pass for one.
_ERROR_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,127}")
# It becomes a part of an object key.
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class NotARestoreError(Exception):
    """The event is nothing that this function understands; the message says why, without quoting the event."""


class RestoreRefusedError(Exception):
    """The restore itself failed, so there is no table to sync; the message is its error code or status."""


def parse(body: str, own: Location) -> Restore:
    """Read a message body: an EventBridge event of a restore call (CloudTrail) or of a restore job (AWS Backup).

    Only what is needed is read: the event's other fields vary (userIdentity) or are null (responseElements).

    Args:
        body: of the message.
        own: where the function is. An event bus also delivers what other accounts and Regions forward to it.

    Raises:
        NotARestoreError: it is not such an event, or one of another account, Region or partition.
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
        _refuse_foreign(own, event.get("account"), event.get("region"))
        return _of_backup_job(event, detail, own)
    if detail.get("eventSource") != "dynamodb.amazonaws.com":
        raise NotARestoreError("The event is of neither DynamoDB nor AWS Backup.")
    _refuse_foreign(own, event.get("account"), event.get("region"))
    return _of_call(event, detail, own)


def _refuse_foreign(own: Location, account: object, region: object) -> None:
    if (account, region) != (own.account, own.region):
        raise NotARestoreError(
            f"The event is of another account or Region than this function, which processes the restores of account "
            f"{own.account} in {own.region} only."
        )


def _of_call(event: dict[str, Any], detail: dict[str, Any], own: Location) -> Restore:
    """Read CloudTrail's event of a DynamoDB call."""
    name = detail.get("eventName")
    if name not in ("RestoreTableToPointInTime", "RestoreTableFromBackup"):
        raise NotARestoreError("The event is not of a call that restores a table.")
    _refuse_foreign(own, detail.get("recipientAccountId", own.account), detail.get("awsRegion", own.region))
    error_code = detail.get("errorCode")
    if isinstance(error_code, str) and _ERROR_CODE.fullmatch(error_code):
        raise RestoreRefusedError(error_code)
    if error_code:
        raise NotARestoreError("The event's errorCode is not one.")
    parameters = detail.get("requestParameters")
    if not isinstance(parameters, dict):
        raise NotARestoreError("The event has no requestParameters.")
    target = parameters.get("targetTableName")
    if not is_table_name(target):
        raise NotARestoreError("The event's targetTableName is not a table name.")
    backup_arn = None
    if name == "RestoreTableFromBackup":
        source, backup_arn = _source_of_backup(parameters)
    else:
        source = _source_of_point_in_time(parameters, own)
    _refuse_other_partition(own, source)
    called_at = time_of(detail.get("eventTime")) or time_of(event.get("time"))
    if not called_at:
        raise NotARestoreError("The event does not say when the restore was called.")
    return Restore(
        source,
        own.table_arn(target),
        called_at=called_at,
        backup_arn=backup_arn,
        event_at=time_of(detail.get("eventTime")),
        event_id=_id(detail.get("eventID")),
    )


def _source_of_point_in_time(parameters: dict[str, Any], own: Location) -> str:
    """Return the ARN of a RestoreTableToPointInTime call's source."""
    source = parameters.get("sourceTableArn") or parameters.get("sourceTableName")
    if is_table_name(source):
        return own.table_arn(source)
    if not is_table_arn(source):
        raise NotARestoreError("The event's source is neither a table name nor the ARN of a table.")
    return source


def _source_of_backup(parameters: dict[str, Any]) -> tuple[str, str]:
    """Return the ARN of a RestoreTableFromBackup call's source and that of its backup, TABLE_ARN/backup/ID."""
    backup_arn = parameters.get("backupArn")
    match = _BACKUP_ARN.fullmatch(backup_arn) if isinstance(backup_arn, str) else None
    if not match or not is_table_arn(match["table"]):
        raise NotARestoreError("The event's backupArn is not the ARN of a DynamoDB backup.")
    return match["table"], match[0]


def _of_backup_job(event: dict[str, Any], detail: dict[str, Any], own: Location) -> Restore:
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
    if Location.of(target) != own:
        raise NotARestoreError(
            f"The restored table is of another account, Region or partition than this function, which processes the "
            f"restores of account {own.account} in {own.region} only."
        )
    _refuse_other_partition(own, source)
    completed_at = time_of(event.get("time"))
    if not completed_at:
        raise NotARestoreError("The event does not say when the restore job was COMPLETED.")
    # The source may be of another account, whose recovery point was copied to this one.
    return Restore(
        source,
        target,
        called_at=time_of(detail.get("creationDate")),
        completed_at=completed_at,
        backup_arn=_backup_of(source, detail.get("recoveryPointArn")),
        event_at=time_of(detail.get("completionDate")),
        event_id=_id(detail.get("restoreJobId")),
    )


def _backup_of(source: str, recovery_point: object) -> str | None:
    """Return the recovery point if it is a DynamoDB backup of the table.

    It is without AWS Backup's advanced features for DynamoDB (AWS Backup developer guide, Restoring a DynamoDB table).
    """
    match = _BACKUP_ARN.fullmatch(recovery_point) if isinstance(recovery_point, str) else None
    return match[0] if match and match["table"] == source else None


def _refuse_other_partition(own: Location, source: str) -> None:
    if Location.of(source).partition != own.partition:
        raise NotARestoreError(f"The event's source is of another partition than this function ({own.partition}).")


def _id(text: object) -> str:
    return text if isinstance(text, str) and _ID.fullmatch(text) else ""


def time_of(text: object) -> datetime | None:
    """Return a time of an event, None if it is none that can be reckoned with."""
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    # The first and the last year leave no room for time zones and tolerances.
    return time if time and time.tzinfo and MINYEAR < time.year < MAXYEAR else None
