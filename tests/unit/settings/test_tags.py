"""plan() and read() of the tags of a table."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import Table
from table_sync.settings import read, tags
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import OF_AWS, TABLE, described

some_tags = st.dictionaries(st.sampled_from(string.ascii_letters), st.text(max_size=3), max_size=25)


@given(source=some_tags, target=some_tags)
def test_tags_of_the_source_win_and_those_of_the_target_stay(source, target):
    changes = tags.plan(source, target)
    written = {tag["Key"]: tag["Value"] for change in changes for tag in change.parameters["Tags"]}
    assert target | written == target | source
    assert len(changes) <= 1
    assert tags.plan(source, target | written) == []


@pytest.mark.parametrize(("total", "refused"), [(50, False), (51, True)])
def test_more_tags_than_a_table_may_have_are_refused_before_aws_does(total, refused):
    source = {f"source-{number}": "" for number in range(30)}
    target = {f"target-{number}": "" for number in range(total - 30)}
    (step,) = tags.plan(source, target)
    if refused:
        assert step.status is Status.FAILED
        assert step.reason == "source and target have 51 tags together, 50 are allowed: remove some"
    else:
        assert step.operation == "TagResource"


def listed(some):
    return [{"Key": key, "Value": value} for key, value in some.items()]


def test_tags_on_every_page_are_read_less_those_of_aws(answer):
    first = {f"tag-{number}": "x" for number in range(8)} | OF_AWS
    request = {"ResourceArn": TABLE}
    answer("dynamodb", "list_tags_of_resource", request, {"Tags": listed(first), "NextToken": "next"})
    last = {"Tags": listed({"aws-like": "ours", "aws:x": "y"})}
    answer("dynamodb", "list_tags_of_resource", request | {"NextToken": "next"}, last)
    assert read(tags, Table(TABLE)) == {**{f"tag-{number}": "x" for number in range(8)}, "aws-like": "ours"}


def test_tags_of_aws_are_neither_recorded_nor_taken_from_a_record(answer):
    answer("dynamodb", "list_tags_of_resource", {"ResourceArn": TABLE}, {"Tags": listed(OF_AWS | {"team": "payments"})})
    assert tags.fetch(described()) == {"Tags": listed({"team": "payments"})}
    assert tags.parse({"Tags": listed(OF_AWS | {"team": "payments"})}, described()) == {"team": "payments"}


def test_tags_are_there_at_once(answer):
    parameters = {"Tags": listed({"team": "payments"})}
    answer("dynamodb", "tag_resource", {"ResourceArn": TABLE, **parameters}, {})
    assert tags.apply(Change("TagResource", parameters), described()) == ""
