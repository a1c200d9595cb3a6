"""What a value has to have to be used, by the shapes of AWS's service models."""

import re
from datetime import UTC, datetime

import pytest

from table_sync.aws import Table
from table_sync.settings import alarms
from table_sync.settings.api_shape import InvalidValueError, checked, items


@pytest.mark.parametrize("value", [{"Value": "shop"}, {"Key": None, "Value": "shop"}, {"Key": "", "Value": "shop"}])
def test_a_required_text_is_there_and_not_empty_where_aws_has_no_empty_one(value):
    with pytest.raises(InvalidValueError, match=r"^Tag has no Key$"):
        checked(value, "dynamodb", "Tag", "Key", "Value")


def test_a_required_text_may_be_empty_where_aws_says_so_or_nothing():
    assert checked({"State": ""}, "lambda", "EventSourceMappingConfiguration", "State") == {"State": ""}
    assert checked({"Key": "team", "Value": ""}, "dynamodb", "Tag", "Key", "Value") == {"Key": "team", "Value": ""}


def test_a_value_of_the_wrong_type_is_named_by_its_path():
    alarm = {"Dimensions": [{"Name": "TableName", "Value": "orders"}, {"Name": 5, "Value": "x"}]}
    with pytest.raises(InvalidValueError, match=r"^MetricAlarm\.Dimensions\[1\]\.Name is not a text$"):
        checked(alarm, "cloudwatch", "MetricAlarm")


@pytest.mark.parametrize(
    ("service", "shape", "value", "wrong"),
    [
        ("dynamodb", "TimeToLiveSpecification", {"Enabled": "true"}, "Enabled is not true or false"),
        ("cloudwatch", "MetricAlarm", {"EvaluationPeriods": 1.5}, "EvaluationPeriods is not a whole number"),
        ("dynamodb", "OnDemandThroughput", {"MaxReadRequestUnits": "5"}, "MaxReadRequestUnits is not a whole number"),
        ("cloudwatch", "MetricAlarm", {"Dimensions": {}}, "Dimensions is not a list"),
        (
            "cloudwatch",
            "MetricAlarm",
            {"StateUpdatedTimestamp": 5},
            "StateUpdatedTimestamp is not a time with a time zone",
        ),
        ("lambda", "ListTagsResponse", {"Tags": {"team": 5}}, "Tags.team is not a text"),
        ("dynamodb", "AttributeValue", {"B": "Yg=="}, "B is not a value that is known here (blob)"),
    ],
)
def test_a_value_of_each_wrong_type_is_said_to_be_none(service, shape, value, wrong):
    with pytest.raises(InvalidValueError, match=f"^{re.escape(f'{shape}.{wrong}')}$"):
        checked(value, service, shape)


@pytest.mark.parametrize("time", ["soon", "2026-01-01T00:00:00"])
def test_a_time_has_a_time_zone(time):
    with pytest.raises(InvalidValueError, match=r"^MetricAlarm\.StateUpdatedTimestamp is not a time with a time zone$"):
        checked({"StateUpdatedTimestamp": time}, "cloudwatch", "MetricAlarm")


def test_a_value_of_each_right_type_is_kept_and_a_time_becomes_one():
    alarm = {"ActionsEnabled": True, "EvaluationPeriods": 5, "Threshold": 1.5, "AlarmActions": ["arn"]}
    time = {"StateUpdatedTimestamp": "2026-01-01T00:00:00+00:00"}
    at = {"StateUpdatedTimestamp": datetime(2026, 1, 1, tzinfo=UTC)}
    assert checked(alarm | time, "cloudwatch", "MetricAlarm") == alarm | at
    maximum = {"MaxReadRequestUnits": 5}
    assert checked(maximum, "dynamodb", "OnDemandThroughput") == maximum


@pytest.mark.parametrize("half", [0xD800, 0xDFFF], ids=hex)
def test_half_a_character_is_no_text_and_its_neighbours_are(half):
    with pytest.raises(InvalidValueError, match=r"^Tag\.Value is not a text$"):
        checked({"Key": "team", "Value": f"a{chr(half)}"}, "dynamodb", "Tag")
    assert checked({"Value": "\ud7ff\ue000"}, "dynamodb", "Tag") == {"Value": "\ud7ff\ue000"}


@pytest.mark.parametrize("threshold", ["70", True, [70]])
def test_what_is_no_number_is_said_to_be_none(threshold):
    with pytest.raises(InvalidValueError, match=r"^MetricAlarm\.Threshold is not a number$"):
        checked({"Threshold": threshold}, "cloudwatch", "MetricAlarm")


@pytest.mark.parametrize(
    ("shape", "field"), [("ListTagsResponse", "Tags"), ("EventSourceMappingConfiguration", "DestinationConfig")]
)
def test_what_is_no_object_is_said_to_be_none(shape, field):
    with pytest.raises(InvalidValueError, match=rf"^{shape}\.{field} is not an object$"):
        checked({field: []}, "lambda", shape)


def test_a_record_of_an_alarm_without_a_name_is_refused():
    table = Table("arn:aws:dynamodb:eu-west-1:123456789012:table/orders", {"TableStatus": "DELETED"})
    with pytest.raises(InvalidValueError, match=r"^MetricAlarm has no AlarmName$"):
        alarms.parse({"MetricAlarms": [{"AlarmName": "", "Namespace": "AWS/DynamoDB"}]}, table)


def test_what_is_no_list_is_said_to_be_none():
    with pytest.raises(InvalidValueError, match=r"^MetricAlarms is not a list$"):
        items({"MetricAlarms": {}}, "MetricAlarms")
    assert items({"MetricAlarms": None}, "MetricAlarms") == []
