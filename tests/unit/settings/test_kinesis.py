"""plan(), read() and apply() of Kinesis destinations."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import Table
from table_sync.settings import kinesis, read
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import ACCOUNT, described, statuses

KINESIS = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"

LIVE = ["ACTIVE", "ENABLING", "UPDATING"]
ON = [*LIVE, "DISABLING"]
OFF = ["DISABLED", "ENABLE_FAILED"]
precisions = st.sampled_from(["MILLISECOND", "MICROSECOND"])


@st.composite
def destinations(draw):
    """Draw the destinations of a table, of which AWS lets one be anything but off."""
    streams = draw(st.lists(st.sampled_from([KINESIS, f"{KINESIS}-2", f"{KINESIS}-3"]), unique=True))
    drawn = [kinesis.Destination(draw(st.sampled_from(OFF)), draw(precisions)) for _ in streams]
    if drawn:
        drawn[0] = kinesis.Destination(draw(st.sampled_from(ON + OFF)), draw(precisions))
    return kinesis.Destinations(zip(streams, drawn, strict=True))


@given(source=destinations(), target=destinations())
def test_the_live_kinesis_destination_of_the_source_becomes_live_where_no_other_is(source, target):
    steps = kinesis.plan(source, target)
    live = [item for item in source.items() if item[1].status in LIVE]
    assert bool(source) == bool(live)
    if not live:
        assert steps == []
        return
    ((arn, wanted),) = live
    busy = [name for name, destination in target.items() if destination.status in ON]
    reached = kinesis.Destinations(target)
    for change in [step for step in steps if isinstance(step, Change)]:
        configuration = [value for key, value in change.parameters.items() if key != "StreamArn"]
        precision = configuration[0]["ApproximateCreationDateTimePrecision"] if configuration else "MILLISECOND"
        assert change.parameters["StreamArn"] == arn
        assert busy in ([], [arn])
        assert not busy or target[arn].status == "ACTIVE"
        reached[arn] = kinesis.Destination("ACTIVE", precision)
        assert reached[arn].precision == wanted.precision
        assert kinesis.plan(source, reached) == []
    if busy and target[busy[0]].status in {"ENABLING", "UPDATING"} and busy != [arn]:
        assert statuses(steps) == [Status.UNCHANGED]
        assert steps[0].differs
    elif busy and target[busy[0]].status != "ACTIVE":
        assert statuses(steps) == [Status.PENDING]
    elif busy and busy != [arn]:
        assert statuses(steps) == [Status.UNCHANGED]
        assert f"the target streams to {busy[0]}" in steps[0].reason


def test_a_destination_that_aws_gave_up_on_says_why():
    target = kinesis.Destinations({KINESIS: kinesis.Destination("ENABLE_FAILED", status_description="no permission")})
    source = kinesis.Destinations({KINESIS: kinesis.Destination("ACTIVE", "MICROSECOND")})
    (change,) = kinesis.plan(source, target)
    assert "no permission" in change.undone


@pytest.mark.parametrize("where", ["us-east-1:123456789012", "eu-west-1:444455556666"])
def test_a_stream_of_another_region_or_account_is_not_looked_for_and_not_called_gone(where):
    arn = f"arn:aws:kinesis:{where}:stream/changes"
    table = Table("arn:aws:dynamodb:eu-west-1:123456789012:table/copy", {"TableStatus": "ACTIVE"})
    failed = kinesis.Destinations({arn: kinesis.Destination("ENABLE_FAILED")})
    assert kinesis.with_missing_streams(failed, table, "") == failed


def test_a_destination_whose_stream_is_gone_is_left_out():
    target = kinesis.Destinations({KINESIS: kinesis.Destination("ENABLE_FAILED", gone=True)})
    (obstacle,) = kinesis.plan(kinesis.Destinations({KINESIS: kinesis.Destination("ACTIVE")}), target)
    assert (obstacle.status, obstacle.differs) == (Status.UNCHANGED, False)
    assert obstacle.reason == f"{KINESIS} does not exist: the destination is left out"


@pytest.mark.parametrize(("status", "gone"), [("ACTIVE", False), ("DELETING", True)])
def test_a_failed_destination_is_gone_if_its_stream_is_being_deleted(answer, status, gone):
    arn = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/changes"
    failed = {"StreamArn": arn, "DestinationStatus": "ENABLE_FAILED"}
    summary = {
        "StreamName": "changes",
        "StreamARN": arn,
        "StreamStatus": status,
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
        "EnhancedMonitoring": [],
        "OpenShardCount": 1,
    }
    answer(
        "dynamodb",
        "describe_kinesis_streaming_destination",
        {"TableName": "orders"},
        {"KinesisDataStreamDestinations": [failed]},
    )
    answer("kinesis", "describe_stream_summary", {"StreamName": "changes"}, {"StreamDescriptionSummary": summary})
    assert read(kinesis, described())[arn].gone is gone


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ({"DestinationStatus": "ENABLING"}, " is ENABLING"),
        ({"DestinationStatus": "UPDATING"}, " is UPDATING"),
        ({}, " is ENABLING"),
        ({"DestinationStatus": "ACTIVE"}, ""),
    ],
)
@pytest.mark.parametrize("verb", ["enable", "update"])
def test_a_destination_that_is_not_active_yet_is_waited_for(answer, verb, answered, told):
    arn = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/changes"
    call = f"{verb}_kinesis_streaming_destination"
    answer("dynamodb", call, {"TableName": "orders", "StreamArn": arn}, answered)
    change = Change(f"{verb.title()}KinesisStreamingDestination", {"StreamArn": arn})
    assert kinesis.apply(change, described()) == (arn + told if told else "")
