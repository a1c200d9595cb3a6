"""plan() of the stream of a table."""

from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import stream
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import statuses

streams = st.builds(
    stream.Stream,
    st.sampled_from([None, "KEYS_ONLY", "NEW_IMAGE", "NEW_AND_OLD_IMAGES"]),
    st.sampled_from(["ACTIVE", "UPDATING"]),
)


@given(source=streams, target=streams)
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
