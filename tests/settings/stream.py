"""The DynamoDB stream."""

from hypothesis import strategies as st

from table_sync.settings.stream import Stream
from tests.support.tables import REGION, wait_until_active

WRITE = ("dynamodb:UpdateTable", "StreamSpecification")


def give(aws, name, region=REGION):
    wait_until_active(aws, name, region)
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    aws.client("dynamodb", region).update_table(TableName=name, StreamSpecification=specification)
    wait_until_active(aws, name, region)


def see(_aws, table, _region):
    return table.get("StreamSpecification")


RESTORED = Stream(None, "ACTIVE")


def values(_table):
    views = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
    return st.builds(Stream, st.sampled_from([None, *views]), st.just("ACTIVE"))


def content(stream):
    return {"view type": stream.view_type} if stream.view_type else {}


def written(stream, change):
    specification = change.parameters["StreamSpecification"]
    assert specification["StreamEnabled"] is True
    assert stream.view_type is None, "AWS refuses to change a stream"
    return Stream(specification["StreamViewType"], "UPDATING")


DIFFERENCES = [
    (
        Stream("NEW_IMAGE", "ACTIVE"),
        Stream(None, "ACTIVE"),
        ["StreamEnabled: true -> false", "StreamViewType: NEW_IMAGE -> (none)"],
    )
]
