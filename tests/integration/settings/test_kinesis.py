"""Kinesis destinations, from the restore to the report."""

import math

import pytest

from tests.settings import kinesis
from tests.support.pipeline import status_and_reason, sync
from tests.support.tables import REGION, make_source, make_table, restore, settings_of, wait_until_active


def test_a_destination_whose_kinesis_stream_is_gone_is_left_out(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.client("kinesis").delete_stream(StreamName="changes")
    stream = f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"
    left_out = f"{stream} does not exist: the destination is left out"
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, "kinesis") == ("applied", left_out)
    assert pipeline.quarantined == []
    before = len(pipeline.writes())
    again = sync(pipeline)
    assert (again["settings"]["kinesis"]["status"], again["settings"]["kinesis"]["reason"]) == ("unchanged", left_out)
    assert len(pipeline.writes()) == before


@pytest.mark.parametrize(
    "refusal",
    [
        ("DescribeStreamSummary", "AccessDeniedException"),
        ("kinesis:DescribeStreamSummary", "AccessDeniedException"),
        ("DescribeStreamSummary", "ReadTimeout"),
    ],
)
def test_a_kinesis_stream_that_cannot_be_described_is_not_called_gone(aws, pipeline, refusal):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.client("kinesis").delete_stream(StreamName="changes")
    aws.faults.add(*refusal, times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert "stream/changes is ENABLE_FAILED: User does not have a permission" in message["reason"]


def test_a_kinesis_stream_whose_description_is_throttled_is_asked_about_again(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.client("kinesis").delete_stream(StreamName="changes")
    aws.faults.throttle("DescribeStreamSummary", times=12)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, "kinesis")[1].endswith("does not exist: the destination is left out")
    assert pipeline.writes().count("dynamodb:EnableKinesisStreamingDestination") == 1


def test_a_table_that_streams_elsewhere_keeps_its_destination(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    kinesis.give(aws, "orders-restored", stream="other")
    pipeline.run()
    arn = f"arn:aws:kinesis:{REGION}:{aws.account}:stream"
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, "kinesis") == (
        "unchanged",
        f"the target streams to {arn}/other, which is left alone: a table has one destination, so not to {arn}/changes",
    )
    assert settings_of(aws, "orders-restored")["kinesis"] == {f"{arn}/other": "MICROSECOND"}
    assert "dynamodb:EnableKinesisStreamingDestination" not in pipeline.writes()


@pytest.mark.parametrize("disabled", [False, True])
def test_a_destination_with_the_default_precision_gets_the_source_s(aws, pipeline, disabled):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    stream = {"TableName": "orders-restored", "StreamArn": f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"}
    client = aws.client("dynamodb")
    client.enable_kinesis_streaming_destination(**stream)
    aws.clock.advance(10)
    if disabled:
        client.disable_kinesis_streaming_destination(**stream)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    writes = [write for write in pipeline.writes() if "Kinesis" in write]
    verb = "Enable" if disabled else "Update"
    assert writes == [f"dynamodb:{verb}KinesisStreamingDestination"]


def test_a_source_with_the_default_precision_is_equal(aws, pipeline):
    make_table(aws, "orders")
    aws.client("kinesis").create_stream(StreamName="changes", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"
    aws.client("dynamodb").enable_kinesis_streaming_destination(TableName="orders", StreamArn=stream)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert settings_of(aws, "orders-restored")["kinesis"] == {stream: None}
    again = sync(pipeline)
    assert again["settings"]["kinesis"] == {"status": "unchanged", "reason": "", "changes": []}


def test_a_destination_that_somebody_updates_is_waited_for(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    stream = {"TableName": "orders-restored", "StreamArn": f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"}
    client = aws.client("dynamodb")
    client.enable_kinesis_streaming_destination(
        **stream, EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    )
    aws.clock.advance(10)
    client.update_kinesis_streaming_destination(
        **stream, UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MILLISECOND"}
    )
    (first,) = pipeline.run_for(30)
    assert first["settings"]["kinesis"]["status"] == "pending"
    assert first["settings"]["kinesis"]["reason"].endswith("stream/changes is UPDATING")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
