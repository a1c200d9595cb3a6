"""The order in which settings are copied, which boto3 they need, and what makes two changes the same."""

from dataclasses import replace

import pytest

from table_sync.command_line.doctor.runtimes import NEEDED
from table_sync.settings import SETTINGS
from table_sync.settings.setting import Change
from tests.settings import modules
from tests.support.outdated_boto3 import NEWER_FIELDS


def test_a_setting_comes_after_the_one_that_it_needs():
    names = [setting.NAME for setting in SETTINGS]
    needs = [(setting.NEEDS.setting, setting.NAME) for setting in SETTINGS if setting.NEEDS]
    assert {name for _, name in needs} == {
        "triggers",
        "resource_policy",
        "alarms",
        "event_source_mapping_tags",
        "scalable_target_tags",
    }
    assert all(names.index(needed) < names.index(name) for needed, name in needs)


def test_doctor_knows_which_boto3_a_setting_needs_whose_field_an_older_one_lacks():
    # Those two fields are older than the boto3 of any runtime that the module accepts.
    assert NEWER_FIELDS.keys() - {"deletion_protection", "table_class"} <= NEEDED.keys() <= modules().keys()


@pytest.mark.parametrize(
    "told",
    [
        {"undone": "AWS gave up"},
        {"part": "alarm a"},
        {"awaits": "the target has no stream"},
        {"depends_on": "kinesis"},
        {"subject": "alarm a"},
        {"present": {"AttributeName": "at"}},
    ],
    ids=lambda told: next(iter(told)),
)
def test_a_change_is_the_same_whatever_is_told_about_it(told):
    change = Change("UpdateTimeToLive", {"AttributeName": "expires"})
    assert replace(change, **told) == change
    assert replace(change, parameters={"AttributeName": "at"}) != change
    assert replace(change, operation="UpdateTable") != change
