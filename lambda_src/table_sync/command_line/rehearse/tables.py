"""The table of a rehearsal: its settings, how it gets them, and how they are compared, by plain API calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from table_sync import aws
from table_sync.command_line.rehearse.names import TAG
from table_sync.settings import (
    alarms,
    contributor_insights,
    deletion_protection,
    on_demand_throughput,
    pitr,
    resource_policy,
    stream,
    table_class,
    tags,
    ttl,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from table_sync.command_line.rehearse.names import Names

SETTINGS = {
    tags.NAME: "two tags",
    stream.NAME: "a DynamoDB stream of new and old images",
    ttl.NAME: "TTL on the attribute expires_at",
    pitr.NAME: "point-in-time recovery of 7 days",
    deletion_protection.NAME: "deletion protection",
    table_class.NAME: "the table class STANDARD_INFREQUENT_ACCESS",
    on_demand_throughput.NAME: "a maximum of 10 read and 10 write request units per second",
    contributor_insights.NAME: "Contributor Insights of throttled keys",
    resource_policy.NAME: "a resource policy that denies calls without TLS",
    alarms.NAME: "a CloudWatch alarm on throttled reads, without actions",
}
"""What each setting of the source is; the others need a function, a data stream or provisioned capacity."""
_PERIOD_DAYS = 7
_LIMITS = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 10}
_ATTRIBUTE = "expires_at"
_ON = {"ENABLED", "ENABLING"}


def create(names: Names, region: str, settings: Collection[str]) -> None:
    """Create the source table, with what CreateTable takes; the rest follows once it is ACTIVE.

    Raises:
        botocore.exceptions.ClientError: AWS refused.

    """
    optional: dict[str, Any] = {}
    if stream.NAME in settings:
        optional["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    if table_class.NAME in settings:
        optional["TableClass"] = "STANDARD_INFREQUENT_ACCESS"
    if on_demand_throughput.NAME in settings:
        optional["OnDemandThroughput"] = _LIMITS
    if deletion_protection.NAME in settings:
        optional["DeletionProtectionEnabled"] = True
    aws.client("dynamodb", region).create_table(
        TableName=names.source,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        # By the first, --clean finds the table again, whatever ends this process.
        Tags=[{"Key": TAG, "Value": names.rehearsal_id}, {"Key": "purpose", "Value": "rehearsal of a restore"}],
        **optional,
    )


def steps_after_active(names: Names, region: str, arn: str, settings: Collection[str], way: str) -> dict[str, Any]:
    """Return the calls that give the ACTIVE table the rest, by setting: functions without parameters."""
    dynamodb, cloudwatch = aws.client("dynamodb", region), aws.client("cloudwatch", region)
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": _PERIOD_DAYS}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "dynamodb:*",
                "Resource": arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    calls = {
        pitr.NAME: lambda: dynamodb.update_continuous_backups(
            TableName=names.source, PointInTimeRecoverySpecification=recovery
        ),
        ttl.NAME: lambda: dynamodb.update_time_to_live(
            TableName=names.source, TimeToLiveSpecification={"Enabled": True, "AttributeName": _ATTRIBUTE}
        ),
        contributor_insights.NAME: lambda: dynamodb.update_contributor_insights(
            TableName=names.source, ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
        ),
        resource_policy.NAME: lambda: dynamodb.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy)),
        alarms.NAME: lambda: cloudwatch.put_metric_alarm(
            AlarmName=names.alarm,
            Namespace="AWS/DynamoDB",
            MetricName="ReadThrottleEvents",
            Dimensions=[{"Name": "TableName", "Value": names.source}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            Tags=[{"Key": TAG, "Value": names.rehearsal_id}],
        ),
    }
    # Without it, no table is restored to a point in time.
    wanted = {*settings, pitr.NAME} if way == "point-in-time" else settings
    return {name: call for name, call in calls.items() if name in wanted}


def settings_of(table: str, region: str, settings: Collection[str]) -> dict[str, Any]:
    """Return these settings of a table, by plain API calls; only its own name and ARN are left out.

    Raises:
        botocore.exceptions.ClientError: AWS refused.

    """
    dynamodb = aws.client("dynamodb", region)
    described = dynamodb.describe_table(TableName=table)["Table"]
    reads: dict[str, Callable[[], Any]] = {
        tags.NAME: lambda: _tags(dynamodb, described["TableArn"]),
        stream.NAME: lambda: described.get("StreamSpecification", {}).get("StreamViewType"),
        ttl.NAME: lambda: _ttl(dynamodb, table),
        pitr.NAME: lambda: _pitr(dynamodb, table),
        deletion_protection.NAME: lambda: bool(described.get("DeletionProtectionEnabled")),
        table_class.NAME: lambda: described.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        on_demand_throughput.NAME: lambda: described.get("OnDemandThroughput"),
        contributor_insights.NAME: lambda: _insights(dynamodb, table),
        resource_policy.NAME: lambda: _policy(dynamodb, described["TableArn"]),
        alarms.NAME: lambda: _alarms(table, region),
    }
    return {name: read() for name, read in reads.items() if name in settings}


def _tags(dynamodb: Any, arn: str) -> dict[str, str]:  # noqa: ANN401 (boto3 makes its clients at run time)
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"] if not tag["Key"].startswith("aws:")}


def _ttl(dynamodb: Any, table: str) -> str | None:  # noqa: ANN401 (as above)
    found = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return found["AttributeName"] if found.get("TimeToLiveStatus") in _ON else None


def _pitr(dynamodb: Any, table: str) -> int | None:  # noqa: ANN401 (as above)
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    found = backups["PointInTimeRecoveryDescription"]
    return found.get("RecoveryPeriodInDays") if found["PointInTimeRecoveryStatus"] == "ENABLED" else None


def _insights(dynamodb: Any, table: str) -> str | None:  # noqa: ANN401 (as above)
    found = dynamodb.describe_contributor_insights(TableName=table)
    return found.get("ContributorInsightsMode") if found["ContributorInsightsStatus"] in _ON else None


def _policy(dynamodb: Any, arn: str) -> Any:  # noqa: ANN401 (as above; any JSON)
    try:
        text = dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    except dynamodb.exceptions.PolicyNotFoundException:
        return None
    return json.loads(text.replace(arn, "TABLE"))


def _alarms(table: str, region: str) -> list[dict[str, Any]]:
    same = ("MetricName", "Statistic", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator")
    found = aws.client("cloudwatch", region).describe_alarms_for_metric(
        MetricName="ReadThrottleEvents", Namespace="AWS/DynamoDB", Dimensions=[{"Name": "TableName", "Value": table}]
    )
    return [{name: alarm[name] for name in same} for alarm in found["MetricAlarms"]]
