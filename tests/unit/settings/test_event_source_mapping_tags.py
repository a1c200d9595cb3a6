"""plan() and read() of the tags of event source mappings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import event_source_mapping_tags, read
from table_sync.settings.attached_tags import Tagged
from tests.support.setting_tests import ACCOUNT, ALIAS, OF_AWS, UUID, listed_mapping, with_stream

some_tags = st.dictionaries(st.sampled_from("abc"), st.text(max_size=2), max_size=3)


@given(source=some_tags, target=some_tags)
def test_tags_of_a_mapping_are_written_in_one_call_and_none_is_removed(source, target):
    arn = "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:1"
    steps = event_source_mapping_tags.plan({ALIAS: Tagged("x", source)}, {ALIAS: Tagged(arn, target)})
    reached = dict(target)
    for change in steps:
        assert change.parameters["Resource"] == arn
        reached |= change.parameters["Tags"]
    assert reached == target | source
    assert len(steps) <= 1
    assert event_source_mapping_tags.plan({ALIAS: Tagged("x", source)}, {ALIAS: Tagged(arn, reached)}) == []


def test_tags_wait_for_a_mapping_that_is_not_there_yet():
    (change,) = event_source_mapping_tags.plan({ALIAS: Tagged("x", {"a": "b"})}, {})
    assert (change.operation, change.awaits) == ("TagResource", f"the mapping to {ALIAS} is not on the target")
    assert event_source_mapping_tags.plan({ALIAS: Tagged("x", {})}, {}) == []


@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_tags_of_a_trigger_are_read_in_the_table_s_partition_less_those_of_aws(answer, partition, region):
    table = f"arn:{partition}:dynamodb:{region}:{ACCOUNT}:table/orders"
    arn = f"arn:{partition}:lambda:{region}:{ACCOUNT}:event-source-mapping:{UUID}"
    answer("lambda", "list_event_source_mappings", None, {"EventSourceMappings": [listed_mapping()]}, region)
    answer("lambda", "list_tags", {"Resource": arn}, {"Tags": OF_AWS | {"a": "b"}}, region)
    (tagged,) = read(event_source_mapping_tags, with_stream(table, f"{table}/stream/2026")).values()
    assert (tagged.arn, tagged.tags) == (arn, {"a": "b"})
