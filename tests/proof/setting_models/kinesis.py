"""Kinesis streaming destinations, seen by a boto3 that knows their precision."""

from hypothesis import strategies as st

from table_sync.settings.kinesis import Destination, Destinations

STREAMS = [f"arn:aws:kinesis:eu-west-1:123456789012:stream/changes-{number}" for number in range(3)]
PRECISIONS = ["MILLISECOND", "MICROSECOND"]
RESTORED = Destinations()


def values(_table):
    states = st.sampled_from(["ACTIVE", "DISABLED", "ENABLE_FAILED"])
    one = st.builds(Destination, states, st.sampled_from(PRECISIONS))
    return st.dictionaries(st.sampled_from(STREAMS), one).map(Destinations)


def content(destinations):
    live = {"ACTIVE", "ENABLING", "UPDATING"}
    return {arn: destination.precision for arn, destination in destinations.items() if destination.status in live}


def written(destinations, change):
    arn = change.parameters["StreamArn"]
    before = destinations.get(arn, Destination("DISABLED", None)).status
    if change.operation == "UpdateKinesisStreamingDestination":
        assert before == "ACTIVE", "AWS refuses to update it"
        key, after = "UpdateKinesisStreamingConfiguration", "UPDATING"
    else:
        assert before in {"DISABLED", "ENABLE_FAILED"}, "AWS refuses to enable it"
        key, after = "EnableKinesisStreamingConfiguration", "ENABLING"
    precision = change.parameters[key]["ApproximateCreationDateTimePrecision"]
    return Destinations({**destinations, arn: Destination(after, precision)})
