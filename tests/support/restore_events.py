"""The events that tell of a restore, one of each kind, as EventBridge delivers them.

Sources: CloudTrail user guide, "CloudTrail record contents"; DynamoDB API reference, RestoreTableToPointInTime and
RestoreTableFromBackup; AWS Backup developer guide, "Monitoring AWS Backup events using Amazon EventBridge", Restore Job
events, state COMPLETED (its example is of a database); an event of June 2025 for the resource type of a table whose
backup has AWS Backup's advanced features (NHSDigital/eps-prescription-status-update-api, psuRestoreValidationLambda).
"""

from __future__ import annotations

from typing import Any

REGION, ACCOUNT = "eu-west-1", "123456789012"
TIME = "2026-07-15T03:14:58Z"
BACKUP_ID = "01489602797149-73d8d5bc"
EVENT_ID = "85afda2c-7c54-4b3b-9a0a-0f5ed1b2c3d4"
JOB_ID = "AB123456-78C9-0123-456D-789012E34567"


def arn(table: str, region: str = REGION) -> str:
    """Return the ARN of a table."""
    return f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}"


def point_in_time(source: str = "orders", target: str = "orders-restored", **detail: Any) -> dict[str, Any]:
    """Return CloudTrail's event of a RestoreTableToPointInTime call; `source` is a name or an ARN."""
    key = "sourceTableArn" if source.startswith("arn:") else "sourceTableName"
    return _call("RestoreTableToPointInTime", {key: source, "targetTableName": target}, detail)


def backup(source: str = "orders", target: str = "orders-restored", **detail: Any) -> dict[str, Any]:
    """Return CloudTrail's event of a RestoreTableFromBackup call."""
    parameters = {"backupArn": f"{arn(source)}/backup/{BACKUP_ID}", "targetTableName": target}
    return _call("RestoreTableFromBackup", parameters, detail)


def aws_backup(source: str = "orders", target: str = "orders-restored", **detail: Any) -> dict[str, Any]:
    """Return AWS Backup's event of a restore job that has completed."""
    recovery_point = f"arn:aws:backup:{REGION}:{ACCOUNT}:recovery-point:6f7fc1f8-2f2e-40ac-943b-8f8efa9ba99d"
    job = {
        "restoreJobId": JOB_ID,
        "backupVaultArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:vault-of-jane",
        "recoveryPointArn": recovery_point,
        "sourceResourceArn": arn(source),
        "backupSizeInBytes": "0",
        "creationDate": "2026-07-15T03:10:01.742Z",
        "iamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/role-of-jane",
        "percentDone": 0,
        "resourceType": "DynamoDB.FullyManaged",
        "status": "COMPLETED",
        "createdResourceArn": arn(target),
        "completionDate": "2026-07-15T03:14:53.128Z",
    }
    return _event("aws.backup", "Restore Job State Change", job | detail, [recovery_point])


EVENTS = {"point_in_time": point_in_time, "backup": backup, "aws_backup": aws_backup}
"""By restore type."""


def _call(name: str, parameters: dict[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
    record = {
        "eventTime": TIME,
        "eventID": EVENT_ID,
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/jane"},
        "requestParameters": parameters,
        "responseElements": None,
    }
    return _event("aws.dynamodb", "AWS API Call via CloudTrail", record | detail, [])


def _event(source: str, detail_type: str, detail: dict[str, Any], resources: list[str]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "ab32977c-378d-2122-e985-fgh4596f0709",
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": resources,
        "detail": detail,
    }
