"""A runtime whose boto3 is older than a feature."""

import re

import pytest

from table_sync import aws as function_clients
from tests.support.outdated_boto3 import NEWER_FIELDS, take_away
from tests.support.tables import REGION, make_source, restore


def without_operation(monkeypatch, service, method):
    monkeypatch.delattr(type(function_clients.client(service, REGION)), method)


def without_parameter(monkeypatch, service, operation, parameter):
    model = function_clients.client(service, REGION).meta.service_model.operation_model(operation)
    monkeypatch.delitem(model.input_shape.members, parameter)


@pytest.mark.parametrize(
    ("name", "outdated"),
    [
        ("contributor_insights", (without_operation, "dynamodb", "list_contributor_insights")),
        ("resource_policy", (without_operation, "dynamodb", "get_resource_policy")),
        ("resource_policy", (without_parameter, "dynamodb", "PutResourcePolicy", "ExpectedRevisionId")),
        ("scalable_target_tags", (without_operation, "application-autoscaling", "list_tags_for_resource")),
    ],
    ids=["contributor_insights", "resource_policy", "ExpectedRevisionId", "scalable_target_tags"],
)
def test_a_feature_newer_than_boto3_is_a_clear_reason_and_keeps_nothing_else(
    aws, pipeline, monkeypatch, name, outdated
):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    without, *feature = outdated
    without(monkeypatch, *feature)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith(f"{name}: boto3 ")
    assert "of this runtime cannot make the call" in message["reason"]
    assert feature[-1] in message["reason"]
    failed = {
        setting for setting, outcome in pipeline.attempts[-1]["settings"].items() if outcome["status"] == "failed"
    }
    assert failed == {name}


@pytest.mark.parametrize("name", NEWER_FIELDS)
def test_a_field_that_boto3_would_drop_is_a_clear_reason_and_nothing_is_made_without_it(
    aws, pipeline, monkeypatch, name
):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    service, shape, field = NEWER_FIELDS[name]
    take_away(monkeypatch, service, shape, field)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert re.fullmatch(
        rf"{name}: boto3 \S+ of this runtime is too old to read {field} of {shape}: update it", message["reason"]
    )
    report = pipeline.attempts[-1]["settings"]
    assert {setting for setting, outcome in report.items() if outcome["status"] == "failed"} == {name}
    assert report[name]["changes"] == []
