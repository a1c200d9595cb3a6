"""plan() and read() of the tags of a table."""

import string

from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import Table
from table_sync.settings import read, tags
from table_sync.settings.setting import Status
from tests.support.setting_tests import OF_AWS, TABLE

some_tags = st.dictionaries(st.sampled_from(string.ascii_letters), st.text(max_size=3), max_size=25)


@given(source=some_tags, target=some_tags)
def test_tags_of_the_source_win_and_those_of_the_target_stay(source, target):
    changes = tags.plan(source, target)
    written = {tag["Key"]: tag["Value"] for change in changes for tag in change.parameters["Tags"]}
    assert target | written == target | source
    assert len(changes) <= 1
    assert tags.plan(source, target | written) == []


def test_more_tags_than_a_table_may_have_are_refused_before_aws_does():
    source = {f"source-{number}": "" for number in range(30)}
    target = {f"target-{number}": "" for number in range(30)}
    (obstacle,) = tags.plan(source, target)
    assert obstacle.status is Status.FAILED
    assert "60" in obstacle.reason


def listed(some):
    return [{"Key": key, "Value": value} for key, value in some.items()]


def test_tags_on_every_page_are_read_less_those_of_aws(answer):
    first = {f"tag-{number}": "x" for number in range(8)} | OF_AWS
    request = {"ResourceArn": TABLE}
    answer("dynamodb", "list_tags_of_resource", request, {"Tags": listed(first), "NextToken": "next"})
    last = {"Tags": listed({"aws-like": "ours", "aws:x": "y"})}
    answer("dynamodb", "list_tags_of_resource", request | {"NextToken": "next"}, last)
    assert read(tags, Table(TABLE)) == {**{f"tag-{number}": "x" for number in range(8)}, "aws-like": "ours"}
