"""The event patterns of the module's rules: as Terraform makes them, and those of the defaults written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.restore_events import ACCOUNT, REGION
from tests.support.terraform_console import evaluate

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}"
_TESTED = "awsbackup-restore-test-"


def _none_of(operator: str, text: str) -> list[dict[str, Any]]:
    return [{"exists": False}, {"anything-but": {operator: [text]}}]


def _call(name: str, **parameters: Any) -> dict[str, Any]:
    return {
        "source": ["aws.dynamodb"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["dynamodb.amazonaws.com"],
            "eventName": [name],
            "errorCode": [{"exists": False}],
            "requestParameters": parameters,
        },
    }


DEFAULT_PATTERNS: dict[str, dict[str, Any]] = {
    "point_in_time": _call(
        "RestoreTableToPointInTime",
        targetTableName=_none_of("prefix", _TESTED),
        sourceTableName=_none_of("prefix", _TESTED),
        sourceTableArn=_none_of("wildcard", f"*:table/{_TESTED}*"),
    ),
    "backup": _call(
        "RestoreTableFromBackup",
        targetTableName=_none_of("prefix", _TESTED),
        backupArn=_none_of("prefix", f"{_TABLES}:table/{_TESTED}"),
    ),
    "aws_backup": {
        "source": ["aws.backup"],
        "detail-type": ["Restore Job State Change"],
        "detail": {
            "resourceType": ["DynamoDB", "DynamoDB.FullyManaged"],
            "status": ["COMPLETED"],
            "createdResourceArn": _none_of("prefix", f"{_TABLES}:table/{_TESTED}"),
            "sourceResourceArn": _none_of("wildcard", f"*:table/{_TESTED}*"),
        },
    },
}
"""By restore type; for what needs no Terraform."""


def rendered_patterns(directory: Path, **variables: Any) -> dict[str, str]:
    """Return the JSON texts that event_patterns.tf makes, by restore type; the inputs are `variables`.

    `directory` is an empty one, where Terraform runs. See `evaluate` for what is raised.
    """
    stubs = {"arn_prefix": {"dynamodb": _TABLES}}
    patterns: dict[str, str] = evaluate(
        "local.event_patterns", "event_patterns.tf", directory, stubs=stubs, **variables
    )
    return patterns
