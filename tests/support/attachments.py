"""What a table may have attached besides what `tables.make_source` gives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.embedded_aws import EmbeddedAWS

OTHER_TABLE = "some-other-table"


def attach(aws: EmbeddedAWS, name: str) -> None:
    """Give the table and its index by-customer Contributor Insights, a resource policy, and alarms of every kind."""
    dynamodb = aws.client("dynamodb")
    for index in ({}, {"IndexName": "by-customer"}):
        dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE", **index)
    arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
        "Action": "dynamodb:GetItem",
        "Resource": arn,
    }
    dynamodb.put_resource_policy(
        ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
    )
    _give_alarms(aws, name)
    aws.clock.advance(60)


def _give_alarms(aws: EmbeddedAWS, name: str) -> None:
    cloudwatch = aws.client("cloudwatch")
    above: dict[str, Any] = {
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    throttled = {"MetricName": "ReadThrottleEvents", "Period": 60, "Statistic": "Sum"}
    cloudwatch.put_metric_alarm(AlarmName="orders throttled", **above, **throttled, **_metric(name))
    latency = {"MetricName": "SuccessfulRequestLatency", "Period": 60, "ExtendedStatistic": "p99.9"}
    cloudwatch.put_metric_alarm(AlarmName="orders-slow", DatapointsToAlarm=1, **above, **latency, **_metric(name))
    errors = {"Metric": _metric(name) | {"MetricName": "SystemErrors"}, "Period": 60, "Stat": "Sum"}
    rate = [
        {"Id": "errors", "MetricStat": errors, "ReturnData": False},
        {"Id": "rate", "Expression": "errors / 60", "ReturnData": True},
    ]
    cloudwatch.put_metric_alarm(AlarmName="orders: error rate", Metrics=rate, **above)
    reads = {"Metric": _metric(name) | {"MetricName": "ConsumedReadCapacityUnits"}, "Period": 300, "Stat": "Sum"}
    band = [
        {"Id": "reads", "MetricStat": reads, "ReturnData": True},
        {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(reads, 2)", "ReturnData": True},
    ]
    cloudwatch.put_metric_alarm(
        AlarmName="orders: unusual reads",
        Metrics=band,
        ThresholdMetricId="band",
        EvaluationPeriods=2,
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
    )
    cloudwatch.put_metric_alarm(AlarmName="of another table", **above, **throttled, **_metric(OTHER_TABLE))


def _metric(table: str) -> dict[str, Any]:
    return {"Namespace": "AWS/DynamoDB", "Dimensions": [{"Name": "TableName", "Value": table}]}
