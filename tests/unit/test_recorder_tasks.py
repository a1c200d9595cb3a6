"""What a message of the recorder's queue asks for, and what it drops."""

import json
from datetime import UTC, datetime

import pytest

from table_sync.aws import Location
from table_sync.recording.task import NotATaskError, SweepPart, Task, parse
from tests.support.restore_events import ACCOUNT, EVENTS, REGION, TIME, arn

OWN = Location("aws", REGION, ACCOUNT)
STREAM = f"{arn('orders')}/stream/2026-01-01T00:00:00.000"


def change(source, name, request, answer=None, **detail):
    record = {"eventSource": source, "eventName": name, "eventTime": TIME, "requestParameters": request}
    return json.dumps(
        {
            "source": "aws.any",
            "detail-type": "AWS API Call via CloudTrail",
            "account": ACCOUNT,
            "region": REGION,
            "detail": record | {"responseElements": answer} | detail,
        }
    )


@pytest.mark.parametrize(
    "event",
    [
        change("dynamodb.amazonaws.com", "UpdateTable", {"tableName": "orders"}),
        change("dynamodb.amazonaws.com", "UpdateTimeToLive", {"tableName": arn("orders")}),
        change("dynamodb.amazonaws.com", "TagResource", {"resourceArn": arn("orders")}),
        change("dynamodb.amazonaws.com", "PutResourcePolicy", {"resourceArn": STREAM}),
        change("dynamodb.amazonaws.com", "UpdateContributorInsights", {"tableName": "orders", "indexName": "by-day"}),
        change("dynamodb.amazonaws.com", "CreateTable", None, {"tableDescription": {"tableArn": arn("orders")}}),
        change("lambda.amazonaws.com", "CreateEventSourceMapping20150331", {"eventSourceArn": STREAM}),
        change("lambda.amazonaws.com", "DeleteEventSourceMapping20150331", {"uUID": "1"}, {"eventSourceArn": STREAM}),
        *(
            change(
                source,
                "PutScalingPolicy",
                {"serviceNamespace": "dynamodb", "resourceId": "table/orders/index/by-day"},
            )
            for source in ("autoscaling.amazonaws.com", "application-autoscaling.amazonaws.com")
        ),
        change(
            "monitoring.amazonaws.com",
            "PutMetricAlarm",
            {
                "alarmName": "a",
                "dimensions": [{"name": "Operation", "value": "x"}, {"name": "TableName", "value": "orders"}],
            },
        ),
        change(
            "monitoring.amazonaws.com",
            "PutMetricAlarm",
            {"metrics": [{"metricStat": {"metric": {"dimensions": [{"name": "TableName", "value": "orders"}]}}}]},
        ),
        json.dumps({"table": arn("orders")}),
    ],
)
def test_a_change_names_its_table(event):
    assert parse(event, OWN) == Task((arn("orders"),))


@pytest.mark.parametrize("restore_type", EVENTS)
def test_a_restore_asks_for_its_source(restore_type):
    assert parse(json.dumps(EVENTS[restore_type]()), OWN) == Task((arn("orders"),))


def test_a_restore_asks_for_its_source_in_another_region():
    event = EVENTS["point_in_time"](source=arn("orders", "us-east-1"))
    assert parse(json.dumps(event), OWN) == Task((arn("orders", "us-east-1"),))


def test_a_deleted_table_is_one_whenever_it_is_reported():
    event = change("dynamodb.amazonaws.com", "DeleteTable", {"tableName": "orders"})
    assert parse(event, OWN) == Task((arn("orders"),), deleted_at=datetime(2026, 7, 15, 3, 14, 58, tzinfo=UTC))


@pytest.mark.parametrize(
    "part",
    [
        SweepPart(datetime(2026, 7, 15, tzinfo=UTC)),
        SweepPart(datetime(2026, 7, 15, tzinfo=UTC), tables_after="orders"),
        SweepPart(datetime(2026, 7, 15, tzinfo=UTC), records_after="settings/v1/1/2/3"),
    ],
)
def test_a_sweep_goes_on_where_it_ended(part):
    assert parse(part.as_message(), OWN) == Task(sweep=part)


FOREIGN = {"table": f"arn:aws:dynamodb:{REGION}:210987654321:table/orders"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not an object"),
        ("{}", "neither an EventBridge event"),
        (json.dumps({"detail": []}), "neither an EventBridge event"),
        (json.dumps({"table": 1}), "names no table"),
        (json.dumps({"table": ["orders"]}), "names no table"),
        (json.dumps({"table": "arn:aws:s3:::orders"}), "names no table"),
        (json.dumps({"table": "x" * 256}), "names no table"),
        (json.dumps({"table": arn("orders"), "more": 1}), "neither an EventBridge event"),
        (json.dumps(FOREIGN), "another account or partition"),
        (json.dumps({"table": arn("orders").replace("arn:aws:", "arn:aws-cn:")}), "another account or partition"),
        (json.dumps({"sweep": True}), "not an object"),
        (json.dumps({"sweep": {}}), "when the sweep started"),
        (json.dumps({"sweep": {"started_at": "now"}}), "when the sweep started"),
        (json.dumps({"sweep": {"started_at": TIME, "tables_after": 1}}), "when the sweep started"),
        (json.dumps(EVENTS["point_in_time"](errorCode="AccessDenied")), "failed"),
        (json.dumps(EVENTS["aws_backup"](status="RUNNING")), "not COMPLETED"),
        (json.dumps(EVENTS["point_in_time"]() | {"region": "us-east-1"}), "another account or Region"),
        (change("dynamodb.amazonaws.com", "UpdateTable", {"tableName": "orders"}, errorCode="X"), "failed"),
        (change("dynamodb.amazonaws.com", "UpdateTable", {"tableName": {"a": 1}}), "names no table"),
        (change("dynamodb.amazonaws.com", "UpdateTable", "tableName"), "names no table"),
        (
            change("lambda.amazonaws.com", "CreateEventSourceMapping20150331", {"eventSourceArn": "arn:aws:sqs:q"}),
            "no table",
        ),
        (change("autoscaling.amazonaws.com", "PutScalingPolicy", {"resourceId": "service/a/b"}), "names no table"),
        (change("monitoring.amazonaws.com", "PutMetricAlarm", {"dimensions": [{"name": "QueueName"}]}), "no table"),
        (change("s3.amazonaws.com", "PutObject", {"tableName": "orders"}), "names no table"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason_and_not_quoted(body, reason):
    with pytest.raises(NotATaskError, match=reason) as refused:
        parse(body, OWN)
    assert "orders" not in str(refused.value)


def test_an_event_that_another_region_forwards_is_refused():
    event = json.loads(change("dynamodb.amazonaws.com", "UpdateTable", {"tableName": "orders"}))
    with pytest.raises(NotATaskError, match="another account or Region"):
        parse(json.dumps(event | {"region": "us-east-1"}), OWN)
