"""Tags of what belongs to a table: which are read anew, and which are kept from one attempt to the next."""

import math
import time

import pytest

from table_sync.aws import Table, time_limit
from table_sync.errors import OutOfTimeError
from table_sync.settings import attached_tags, event_source_mapping_tags, scalable_target_tags
from table_sync.settings.setting import Change
from tests.support.setting_tests import TABLE

MANY = [f"arn:{number}" for number in range(51)]


class Lists:
    """Lists tags as a service does, and notes of what; after so many calls no time is left."""

    def __init__(self):
        self.asked = []
        self.left = math.inf

    def __call__(self, arn):
        if self.left <= 0:
            raise OutOfTimeError("no time is left for another call in this attempt")
        self.left -= 1
        self.asked.append(arn)
        return {"name": arn, "aws:of": "AWS"}

    def attempt(self, arns, calls=math.inf):
        """Return what one attempt reads, of which arns it asked, and why it ended."""
        self.asked, self.left = [], calls
        try:
            with time_limit(lambda: 900):
                found = attached_tags.read(arns, self)
        except OutOfTimeError as error:
            return None, self.asked, str(error)
        return {arn: tagged.tags for arn, tagged in found.items()}, self.asked, ""


@pytest.fixture
def lists(monkeypatch):
    monkeypatch.setattr(attached_tags, "_kept", {})
    return Lists()


def test_as_many_as_fit_one_attempt_are_read_anew_each_time(lists):
    for _ in range(2):
        found, asked, _ = lists.attempt(MANY[:50])
        assert asked == MANY[:50]
        assert found == {arn: {"name": arn} for arn in MANY[:50]}


def test_more_are_read_in_several_attempts_each_of_which_continues(lists):
    told = "the tags of 20 of 51 are read, the next attempt continues"
    assert lists.attempt(MANY, calls=20) == (None, MANY[:20], told)
    found, asked, _ = lists.attempt(MANY)
    assert asked == MANY[20:]
    assert found == {arn: {"name": arn} for arn in MANY}


def test_without_a_time_limit_all_are_read_anew(lists):
    for _ in range(2):
        lists.asked = []
        attached_tags.read(MANY, lists)
        assert lists.asked == MANY


def test_what_was_read_is_kept_for_half_an_hour(lists, monkeypatch):
    now = time.time()
    lists.attempt(MANY)
    monkeypatch.setattr(time, "time", lambda: now + 1799)
    assert lists.attempt(MANY)[1] == []
    monkeypatch.setattr(time, "time", lambda: now + 1801)
    assert lists.attempt(MANY)[1] == MANY


@pytest.mark.parametrize(
    ("setting", "service", "parameter"),
    [
        (event_source_mapping_tags, "lambda", "Resource"),
        (scalable_target_tags, "application-autoscaling", "ResourceARN"),
    ],
)
def test_tags_that_were_written_are_known_to_the_next_attempt(answer, lists, setting, service, parameter):
    lists.attempt(MANY)
    parameters = {parameter: "arn:7", "Tags": {"team": "payments"}}
    answer(service, "tag_resource", parameters, {})
    assert setting.apply(Change("TagResource", parameters), Table(TABLE)) == ""
    found, asked, _ = lists.attempt(MANY)
    assert asked == []
    assert found["arn:7"] == {"name": "arn:7", "team": "payments"}
