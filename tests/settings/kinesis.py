"""Kinesis streaming destinations, of which a table has one that is on."""

from hypothesis import strategies as st

from table_sync.settings.kinesis import Destination, Destinations
from tests.support.tables import REGION

WRITE = ("dynamodb:EnableKinesisStreamingDestination", "StreamArn")
NEWER_FIELD = ("dynamodb", "KinesisDataStreamDestination", "ApproximateCreationDateTimePrecision")


def give(aws, name, region=REGION, stream="changes"):
    """Stream the table's changes to a Kinesis data stream, with microseconds."""
    kinesis = aws.client("kinesis", region)
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    aws.client("dynamodb", region).enable_kinesis_streaming_destination(
        TableName=name,
        StreamArn=kinesis.describe_stream(StreamName=stream)["StreamDescription"]["StreamARN"],
        EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )


def see(aws, table, region):
    answer = aws.client("dynamodb", region).describe_kinesis_streaming_destination(TableName=table["TableName"])
    return {
        destination["StreamArn"]: destination.get("ApproximateCreationDateTimePrecision")
        for destination in answer["KinesisDataStreamDestinations"]
        if destination["DestinationStatus"] == "ACTIVE"
    }


STREAMS = [f"arn:aws:kinesis:eu-west-1:123456789012:stream/changes-{number}" for number in range(3)]
PRECISIONS = ["MILLISECOND", "MICROSECOND"]
OFF = {"DISABLED", "ENABLE_FAILED"}
RESTORED = Destinations()


@st.composite
def values(draw, _table):
    streams = draw(st.lists(st.sampled_from(STREAMS), unique=True))
    off = st.builds(Destination, st.sampled_from(sorted(OFF)), st.sampled_from(PRECISIONS))
    destinations = Destinations({arn: draw(off) for arn in streams})
    if streams and draw(st.booleans()):
        destinations[streams[0]] = Destination("ACTIVE", draw(st.sampled_from(PRECISIONS)))
    return destinations


def content(destinations):
    live = {"ACTIVE", "ENABLING", "UPDATING"}
    return {arn: destination.precision for arn, destination in destinations.items() if destination.status in live}


def written(destinations, change):
    arn = change.parameters["StreamArn"]
    if change.operation == "UpdateKinesisStreamingDestination":
        assert destinations[arn].status == "ACTIVE", "AWS refuses to update it"
        precision = change.parameters["UpdateKinesisStreamingConfiguration"]["ApproximateCreationDateTimePrecision"]
        assert precision != destinations[arn].precision, "AWS refuses the precision that it has"
        return Destinations({**destinations, arn: Destination("UPDATING", precision)})
    assert {destination.status for destination in destinations.values()} <= OFF, "AWS refuses a second one"
    configuration = change.parameters.get("EnableKinesisStreamingConfiguration", {})
    precision = configuration.get("ApproximateCreationDateTimePrecision", "MILLISECOND")
    return Destinations({**destinations, arn: Destination("ENABLING", precision)})


DIFFERENCES = [
    ({STREAMS[0]: Destination("ACTIVE")}, {}, [f"{STREAMS[0]} -> (none)"]),
    (
        {STREAMS[0]: Destination("ACTIVE", "MICROSECOND")},
        {STREAMS[0]: Destination("ACTIVE")},
        [f"{STREAMS[0]}: ApproximateCreationDateTimePrecision: MICROSECOND -> MILLISECOND"],
    ),
]
