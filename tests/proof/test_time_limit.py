"""Tables, batches and accounts that are too large for one invocation: each ends by itself, and the next continues.

A call takes 20 times as long as on AWS, and there is a twentieth of the work: `SCALE=1` tries the real sizes.
"""

from __future__ import annotations

import os

import pytest

from table_sync.handler import lambda_handler
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.pipeline import Pipeline
from tests.support.tables import TAGS, make_function, make_table, of_table, restore

SCALE = int(os.environ.get("SCALE", "20"))
CALL_SECONDS = 0.08 * SCALE
INDEXES_OF_TABLE = min(20, 80 // SCALE)
# One call that AWS does not answer takes 26 s, and an attempt keeps 30.
LEAST_SECONDS_LEFT = 3
RULE = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1.0}
ON_METRIC = {"Namespace": "AWS/DynamoDB", "MetricName": "SystemErrors", "Statistic": "Sum", "Period": 60, **RULE}


@pytest.fixture
def account():
    """Give the pipeline, and of each invocation how many seconds it had left when it ended, and its writes."""
    ended = []

    def measured(event, context):
        before = len(pipeline.writes())
        answer = lambda_handler(event, context)
        ended.append((context.get_remaining_time_in_millis() / 1000, len(pipeline.writes()) - before))
        return answer

    with EmbeddedAWS(start=1_800_000_000.0) as aws, Pipeline(aws, measured) as pipeline:
        aws.restore_seconds = 30
        yield aws, pipeline, ended


def make_scheduled(aws, name, *, indexes, actions):
    """Make a table that scales by schedule on itself and each index."""
    indexes = [f"by-{number}" for number in range(indexes)]
    make_table(aws, name, indexes=indexes, items=0)
    client = aws.client("application-autoscaling")
    for index in (None, *indexes):
        target = {
            "ServiceNamespace": "dynamodb",
            "ResourceId": f"table/{name}" + (f"/index/{index}" if index else ""),
            "ScalableDimension": f"dynamodb:{'index' if index else 'table'}:ReadCapacityUnits",
        }
        client.register_scalable_target(**target, MinCapacity=5, MaxCapacity=100)
        for number in range(actions):
            client.put_scheduled_action(
                **target,
                ScheduledActionName=f"action-{number}",
                Schedule=f"cron({number % 60} {number // 60} * * ? *)",
                ScalableTargetAction={"MinCapacity": 5},
            )


def make_alarms(aws, table, many):
    client = aws.client("cloudwatch")
    for number in range(many):
        client.put_metric_alarm(AlarmName=f"{table}-{number}", Dimensions=of_table(table), **ON_METRIC)


def make_triggers(aws, table, many, **more):
    client = aws.client("lambda")
    stream = aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    function = make_function(aws, f"{table}-function")
    client.publish_version(FunctionName=function)
    for number in range(many):
        alias = client.create_alias(FunctionName=function, Name=f"alias-{number}", FunctionVersion="1")["AliasArn"]
        client.create_event_source_mapping(EventSourceArn=stream, FunctionName=alias, StartingPosition="LATEST", **more)
    aws.clock.advance(60)


def finish(account, figures, name, *, restores=1, at_most):
    """Let the pipeline work to the end; return its writes by invocation."""
    aws, pipeline, ended = account
    aws.delays.call = CALL_SECONDS
    pipeline.run()
    aws.delays.call = 0
    left, writes = zip(*ended, strict=True)
    figures(
        f"time limit: {name}",
        seconds_a_call=CALL_SECONDS,
        invocations=len(left),
        least_seconds_left=min(left),
        writes=sum(writes),
        calls=len(pipeline.calls()),
    )
    assert [invocation.error for invocation in pipeline.invocations if invocation.error] == []
    assert min(left) >= LEAST_SECONDS_LEFT
    in_sync = [attempt["target"] for attempt in pipeline.attempts if attempt["outcome"] == "in_sync"]
    assert len(set(in_sync)) == len(in_sync) == restores
    assert pipeline.quarantined == []
    assert len(pipeline.invocations) <= at_most
    waits = [
        attempt["next_attempt_seconds"]
        for attempt in pipeline.attempts
        if attempt["outcome"] == "waiting" and "not compared yet" not in attempt.get("reason", "")
    ]
    assert max(waits, default=15) <= 20, "what is unfinished comes back soon"
    return writes


def test_scheduled_actions_of_many_indexes(account, figures):
    aws, pipeline, _ = account
    make_scheduled(aws, "orders", indexes=INDEXES_OF_TABLE, actions=50 if SCALE == 1 else 20)
    restore(aws, "orders", "orders-restored")
    writes = finish(account, figures, "20 indexes with scheduled actions", at_most=10)
    assert len(writes) > 1
    assert all(writes[:-1])
    pipeline.assert_in_sync("orders", "orders-restored")


def test_alarms(account, figures):
    aws, pipeline, _ = account
    make_table(aws, "orders", indexes=(), items=0)
    make_alarms(aws, "orders", 2000 // SCALE)
    restore(aws, "orders", "orders-restored")
    writes = finish(account, figures, "alarms", at_most=6)
    assert len(writes) > 1
    assert all(writes[:-1])
    assert sum(writes) < 2000 // SCALE + 5, "no alarm is written twice"
    pipeline.assert_in_sync("orders", "orders-restored")


def test_batch_of_large_tables(account, figures):
    aws, pipeline, _ = account
    names = [f"orders-{number}" for number in range(10)]
    for name in names:
        make_scheduled(aws, name, indexes=INDEXES_OF_TABLE, actions=50 // SCALE)
        make_alarms(aws, name, 200 // SCALE)
        restore(aws, name, f"{name}-restored")
    aws.clock.advance(60)
    finish(account, figures, "batch of ten tables of 20 indexes", restores=10, at_most=60)
    for name in names:
        pipeline.assert_in_sync(name, f"{name}-restored")


def test_unrelated_alarms_are_read_once_in_an_invocation(account, figures):
    aws, pipeline, _ = account
    make_alarms(aws, "ledger", 10_000 // SCALE)
    for number in range(5):
        make_table(aws, f"orders-{number}", indexes=(), items=0)
        make_alarms(aws, f"orders-{number}", 2)
        restore(aws, f"orders-{number}", f"restored-{number}")
    aws.clock.advance(60)
    finish(account, figures, "unrelated alarms", restores=5, at_most=3)
    pages = [call for call in pipeline.calls() if call.operation == "DescribeAlarms"]
    assert len(pages) <= len(pipeline.invocations) * (10_010 // SCALE // 100 + 1)


@pytest.mark.parametrize("tags", [{}, TAGS], ids=["untagged", "tagged"])
def test_triggers(account, figures, tags):
    aws, pipeline, _ = account
    make_table(aws, "orders", indexes=(), items=0, stream_view_type="NEW_IMAGE")
    aws.client("dynamodb").update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    make_triggers(aws, "orders", 2000 // SCALE, **({"Tags": tags} if tags else {}))
    restore(aws, "orders", "orders-restored")
    finish(account, figures, f"triggers, {'tagged' if tags else 'untagged'}", at_most=16)
    assert pipeline.attempts[0]["settings"]["ttl"]["status"] == "applied", "it waits for no trigger"
    pipeline.assert_in_sync("orders", "orders-restored")
