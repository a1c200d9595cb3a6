"""plan(), fetch() and apply() of the stream of a table."""

import itertools

import pytest

from table_sync.settings import stream
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import STREAM, described, statuses, with_stream

SPECIFICATION = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
STREAMS = [
    stream.Stream(view_type, status)
    for view_type in (None, "KEYS_ONLY", "NEW_IMAGE", "NEW_AND_OLD_IMAGES")
    for status in ("ACTIVE", "UPDATING")
]


@pytest.mark.parametrize(("source", "target"), list(itertools.product(STREAMS, repeat=2)))
def test_a_stream_is_enabled_while_the_table_is_active_and_never_replaced(source, target):
    steps = stream.plan(source, target)
    if source.view_type in {None, target.view_type}:
        assert steps == []
    elif target.view_type:
        assert statuses(steps) == [Status.FAILED]
    elif target.table_status == "UPDATING":
        assert statuses(steps) == [Status.PENDING]
    else:
        specification = {"StreamEnabled": True, "StreamViewType": source.view_type}
        assert steps == [Change("UpdateTable", {"StreamSpecification": specification})]


def test_the_stream_is_fetched_with_its_arn():
    assert stream.fetch(with_stream()) == {"StreamSpecification": SPECIFICATION, "LatestStreamArn": STREAM}


@pytest.mark.parametrize(("status", "told"), [("UPDATING", "the target is UPDATING"), ("ACTIVE", "")])
def test_a_table_whose_stream_is_being_enabled_is_waited_for(answer, status, told):
    parameters = {"StreamSpecification": SPECIFICATION}
    answer(
        "dynamodb",
        "update_table",
        {"TableName": "orders", **parameters},
        {"TableDescription": {"TableStatus": status}},
    )
    assert stream.apply(Change("UpdateTable", parameters), described()) == told
