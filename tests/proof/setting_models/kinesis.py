"""Kinesis streaming destinations, of which a table has one that is on."""

from hypothesis import strategies as st

from table_sync.settings.kinesis import Destination, Destinations

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
