"""Many tables of one Region, as an account has them."""

import json

from tests.settings import auto_scaling
from tests.support.tables import TAGS, TTL_ATTRIBUTE, make_function, of_table

CONTENT = (
    "All have tags, half TTL and point-in-time recovery, a quarter a stream with a tagged trigger and an alarm, a "
    "tenth auto scaling of reads and writes, a tenth Contributor Insights, a twentieth a Kinesis destination, a "
    "twentieth a resource-based policy."
)


def make_fleet(aws, count):
    """Make so many tables, with what CONTENT says."""
    function = make_function(aws, "audit")
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
    for number in range(count):
        _make_table(aws, number, function, stream)
    aws.clock.advance(3700)  # TTL takes up to an hour


def _make_table(aws, number, function, stream):
    name = f"table-{number:05d}"
    streams, scales = number % 4 == 0, number % 10 == 1
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    dynamodb = aws.client("dynamodb")
    table = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        if streams
        else {"StreamEnabled": False},
        **({"ProvisionedThroughput": throughput} if scales else {"BillingMode": "PAY_PER_REQUEST"}),
    )["TableDescription"]
    aws.clock.advance(10)  # AWS refuses point-in-time recovery for seconds
    if number % 2:
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        )
    if streams:
        aws.client("lambda").create_event_source_mapping(
            EventSourceArn=table["LatestStreamArn"], FunctionName=function, StartingPosition="LATEST", Tags=TAGS
        )
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{name}-throttles",
            Namespace="AWS/DynamoDB",
            MetricName="ReadThrottleEvents",
            Dimensions=of_table(name),
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=3,
            Threshold=0.0,
            ComparisonOperator="GreaterThanThreshold",
        )
    if scales:
        for units in ("Read", "Write"):
            auto_scaling.scale(aws, name, f"dynamodb:table:{units}CapacityUnits")
    if number % 10 == 2:
        dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    if number % 20 == 3:
        dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=stream)
    if number % 20 == 5:
        allow = {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
            "Action": "dynamodb:GetItem",
            "Resource": table["TableArn"],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        dynamodb.put_resource_policy(ResourceArn=table["TableArn"], Policy=policy)
