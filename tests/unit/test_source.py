"""What a restored table does not get although its source had it."""

import pytest

from table_sync.aws import Table
from table_sync.settings import SETTINGS
from table_sync.source import LiveSource, why_skipped

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
TARGET = Table(f"{ARN}-restored")
# These name streams, functions and topics, which are of one Region.
OF_A_REGION = {"kinesis", "triggers", "event_source_mapping_tags", "alarms"}


def skipped(source_arn):
    reasons = {setting.NAME: why_skipped(LiveSource(Table(source_arn)), TARGET, setting) for setting in SETTINGS}
    return {name: reason for name, reason in reasons.items() if reason}


def test_of_a_source_in_the_same_region_nothing_is_skipped():
    assert skipped(ARN) == {}


def test_of_a_source_in_another_region_what_names_resources_of_that_region_is_skipped():
    reasons = skipped(ARN.replace("eu-west-1", "us-east-1"))
    assert reasons == dict.fromkeys(OF_A_REGION, "the source's are in us-east-1, the target is in eu-west-1")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)
def test_of_a_source_in_another_account_what_names_resources_is_skipped(setting):
    reasons = skipped(ARN.replace("123456789012", "444455556666"))
    names_resources = setting.NAME in OF_A_REGION | {"resource_policy"}
    assert reasons.get(setting.NAME, "") == (
        "it names resources of account 444455556666: set it by hand" if names_resources else ""
    )
