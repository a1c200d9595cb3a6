"""What has to be there before the calls for Kinesis destinations."""

from tests.facts.facts import setup
from tests.facts.setups.dynamodb import SETTLED, on_demand_table

UPDATED = 180.0  # longer than AWS takes for the precision of a destination


@setup
def table_and_kinesis_streams(aws):
    on_demand_table(aws)
    for stream in ("k1", "k2"):
        aws.client("kinesis").create_stream(StreamName=stream, ShardCount=1)


def enable_destination(aws, stream="k1", **configuration):
    aws.client("dynamodb").enable_kinesis_streaming_destination(
        TableName="orders",
        StreamArn=f"arn:aws:kinesis:eu-west-1:123456789012:stream/{stream}",
        **({"EnableKinesisStreamingConfiguration": configuration} if configuration else {}),
    )


@setup
def table_enabling_a_kinesis_destination(aws):
    table_and_kinesis_streams(aws)
    enable_destination(aws)


@setup
def table_with_a_kinesis_destination(aws):
    table_enabling_a_kinesis_destination(aws)
    aws.clock.advance(SETTLED)


def update_precision(aws):
    aws.client("dynamodb").update_kinesis_streaming_destination(
        TableName="orders",
        StreamArn="arn:aws:kinesis:eu-west-1:123456789012:stream/k1",
        UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )


@setup
def table_that_updates_the_precision_for_120_seconds(aws):
    table_with_a_kinesis_destination(aws)
    update_precision(aws)
    aws.clock.advance(120)


@setup
def table_with_a_microsecond_destination(aws):
    table_that_updates_the_precision_for_120_seconds(aws)
    aws.clock.advance(UPDATED)


def disable_destination(aws):
    aws.client("dynamodb").disable_kinesis_streaming_destination(
        TableName="orders", StreamArn="arn:aws:kinesis:eu-west-1:123456789012:stream/k1"
    )
    aws.clock.advance(SETTLED)


@setup
def table_with_a_disabled_kinesis_destination(aws):
    table_with_a_kinesis_destination(aws)
    disable_destination(aws)


@setup
def table_whose_microsecond_destination_was_enabled_again(aws):
    table_with_a_microsecond_destination(aws)
    disable_destination(aws)
    enable_destination(aws)
    aws.clock.advance(SETTLED)


@setup
def table_with_a_destination_that_does_not_exist(aws):
    on_demand_table(aws)
    enable_destination(aws, "missing")
    aws.clock.advance(SETTLED)
