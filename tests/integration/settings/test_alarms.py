"""CloudWatch alarms, from the restore to the report."""

import math
from collections import Counter

import pytest

from tests.settings import alarms, auto_scaling, kinesis
from tests.support.pipeline import last_outcome, sync
from tests.support.tables import make_table, of_table, restore, restore_and_wait


def alarm_names(aws):
    pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
    return {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}


def put_alarm(aws, name, dimensions=None, **more):
    parameters = {
        "Namespace": "AWS/DynamoDB",
        "MetricName": "SystemErrors",
        "Dimensions": dimensions or of_table("orders"),
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    aws.client("cloudwatch").put_metric_alarm(AlarmName=name, **parameters | more)


def test_alarms_get_names_of_their_own_and_the_source_s_stay_as_they_are(aws, pipeline):
    make_table(aws, "orders")
    alarms.give(aws, "orders")
    before = alarm_names(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert alarm_names(aws) - before == {
        "orders-restored-throttles",
        "nearly all of orders-restored",
        "an index is throttled-orders-restored",
    }
    restore(aws, "orders", "orders-again")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-again")
    pipeline.assert_in_sync("orders", "orders-restored")


def test_alarms_on_every_page_are_copied_once(aws, pipeline):
    make_table(aws, "orders", indexes=())
    for number in range(120):
        put_alarm(aws, f"errors-{number}", of_table("orders" if number % 60 == 59 else f"other-{number}"))
    restore_and_wait(aws)
    assert sync(pipeline)["settings"]["alarms"]["status"] == "applied"
    assert pipeline.writes().count("cloudwatch:PutMetricAlarm") == 2
    assert sync(pipeline)["settings"]["alarms"]["status"] == "unchanged"
    assert len(alarm_names(aws)) == 122


def test_alarms_of_auto_scaling_are_left_to_it(aws, pipeline):
    make_table(aws, "orders", indexes=())
    auto_scaling.give(aws, "orders", index=None)
    assert any(name.startswith("TargetTracking-table/orders-") for name in alarm_names(aws))
    restore_and_wait(aws)
    pipeline.run()
    assert last_outcome(pipeline, "alarms")["status"] == "unchanged"
    assert "cloudwatch:PutMetricAlarm" not in pipeline.writes()


@pytest.mark.parametrize(
    ("destination", "reason"),
    [
        ("absent", "the source has no kinesis: alarm lag of orders is left out"),
        ("off", "kinesis is skipped: alarm lag of orders is left out"),
        ("copied", ""),
    ],
)
def test_an_alarm_on_kinesis_metrics_needs_the_destination(aws, deploy, destination, reason):
    pipeline = deploy(**({"ENABLE_KINESIS_SETTINGS": "false"} if destination == "off" else {}))
    make_table(aws, "orders", indexes=())
    if destination != "absent":
        kinesis.give(aws, "orders")
    put_alarm(
        aws,
        "lag of orders",
        [*of_table("orders"), {"Name": "DelegatedOperation", "Value": "PutRecord"}],
        MetricName="AgeOfOldestUnreplicatedRecord",
        Statistic="Maximum",
    )
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert last_outcome(pipeline, "alarms")["reason"] == reason
    assert ("lag of orders-restored" in alarm_names(aws)) == (destination == "copied")


def test_many_alarms_that_cloudwatch_throttles_are_put_as_fast_as_it_takes_them(aws, pipeline):
    make_table(aws, "orders", indexes=())
    for number in range(30):
        put_alarm(aws, f"orders-{number}")
    restore_and_wait(aws)
    aws.rate_limits.enforced = True
    pipeline.run()
    aws.rate_limits.enforced = False
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert len(pipeline.attempts) <= 3
    pipeline.assert_in_sync("orders", "orders-restored")


def test_an_alarm_on_the_stream_comes_back_on_the_target_s(aws, pipeline):
    make_table(aws, "orders", indexes=(), stream_view_type="KEYS_ONLY")
    label = aws.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamLabel"]
    put_alarm(
        aws,
        "orders-readers",
        [*of_table("orders"), {"Name": "StreamLabel", "Value": label}],
        MetricName="ReturnedRecordsCount",
        EvaluationPeriods=5,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    new_label = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["LatestStreamLabel"]
    (alarm,) = aws.client("cloudwatch").describe_alarms(AlarmNames=["orders-restored-readers"])["MetricAlarms"]
    assert new_label != label
    assert alarm["Dimensions"] == [*of_table("orders-restored"), {"Name": "StreamLabel", "Value": new_label}]


def test_alarms_on_the_table_come_back_although_the_stream_is_refused(aws, pipeline):
    make_table(aws, "orders", stream_view_type="KEYS_ONLY")
    alarms.give(aws, "orders")
    restore(aws, "orders", "orders-restored")
    aws.faults.add(
        "UpdateTable",
        "AccessDeniedException",
        times=math.inf,
        when=lambda call: "StreamSpecification" in call.parameters,
    )
    pipeline.run()
    assert last_outcome(pipeline, "stream")["status"] == "failed"
    assert last_outcome(pipeline, "alarms")["status"] == "applied"


def test_an_alarm_whose_answer_was_lost_is_looked_for_and_not_put_again(aws, pipeline):
    make_table(aws, "orders", indexes=())
    for number in range(20):
        put_alarm(aws, f"orders-{number}")
    restore_and_wait(aws)
    lost = aws.faults.lose_answer(
        "PutMetricAlarm",
        times=math.inf,
        when=lambda call: call.parameters["AlarmName"] == "orders-restored-1",
    )
    assert sync(pipeline)["outcome"] == "in_sync"
    calls = [call for call in pipeline.calls() if call.service == "cloudwatch"]
    at = calls.index(lost.met[-1])
    assert lost.met == [calls[at - 1], calls[at]]  # the SDK tries twice
    assert calls[at + 1].operation == "DescribeAlarms"
    assert Counter(call.operation for call in calls) == {"DescribeAlarms": 2, "PutMetricAlarm": 21}
