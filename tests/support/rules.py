"""The event patterns of the module's rules, written out for what needs no Terraform.

tests/proof/test_event_patterns.py compares them with those that Terraform plans.
"""

from __future__ import annotations

from typing import Any

from tests.support.restore_events import ACCOUNT, REGION

_HERE = {"account": [ACCOUNT], "region": [REGION]}


def _call(name: str) -> dict[str, Any]:
    return _HERE | {
        "source": ["aws.dynamodb"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["dynamodb.amazonaws.com"],
            "eventName": [name],
            "errorCode": [{"exists": False}],
        },
    }


PATTERNS: dict[str, dict[str, Any]] = {
    "point_in_time": _call("RestoreTableToPointInTime"),
    "backup": _call("RestoreTableFromBackup"),
    "aws_backup": _HERE
    | {
        "source": ["aws.backup"],
        "detail-type": ["Restore Job State Change"],
        "detail": {"resourceType": ["DynamoDB", "DynamoDB.FullyManaged"], "status": ["COMPLETED"]},
    },
}
"""By restore type."""

CHANGES: dict[str, Any] = _HERE | {
    "source": ["aws.application-autoscaling", "aws.autoscaling", "aws.dynamodb", "aws.lambda", "aws.monitoring"],
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {
        "eventName": [
            "CreateTable",
            "DeleteResourcePolicy",
            "DeleteScalingPolicy",
            "DeleteScheduledAction",
            "DeleteTable",
            "DeregisterScalableTarget",
            "DisableKinesisStreamingDestination",
            "EnableKinesisStreamingDestination",
            "PutMetricAlarm",
            "PutResourcePolicy",
            "PutScalingPolicy",
            "PutScheduledAction",
            "RegisterScalableTarget",
            "TagResource",
            "UntagResource",
            "UpdateContinuousBackups",
            "UpdateContributorInsights",
            "UpdateKinesisStreamingDestination",
            "UpdateTable",
            "UpdateTimeToLive",
            {"prefix": "CreateEventSourceMapping"},
            {"prefix": "DeleteEventSourceMapping"},
            {"prefix": "UpdateEventSourceMapping"},
        ],
        "errorCode": [{"exists": False}],
        "sourceIPAddress": [{"anything-but": "dynamodb.application-autoscaling.amazonaws.com"}],
    },
}
"""Of the calls whose tables are recorded."""
