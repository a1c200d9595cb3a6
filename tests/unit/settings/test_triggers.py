"""plan() and read() of triggers."""

import dataclasses

import pytest
from botocore.exceptions import ClientError

from table_sync.aws import Table
from table_sync.settings import read, triggers
from table_sync.settings.setting import Change, Obstacle, Status
from tests.support.setting_tests import (
    ACCOUNT,
    ALIAS,
    FUNCTION,
    STREAM,
    TABLE,
    UUID,
    changes,
    listed_mapping,
    statuses,
    with_stream,
)


def mapping(state="Enabled", **parameters):
    return triggers.EventSourceMapping(state, {"FunctionName": ALIAS, "Enabled": True, "BatchSize": 7, **parameters})


def test_a_missing_trigger_is_created_as_it_is_on_the_source():
    source = {ALIAS: mapping(MaximumRetryAttempts=0)}
    assert triggers.plan(source, {}) == [Change("CreateEventSourceMapping", source[ALIAS].parameters)]
    assert triggers.plan(source, source) == []


@pytest.mark.parametrize("state", ["Creating", "Enabling", "Updating", "Disabling"])
def test_a_trigger_that_aws_works_on_is_pending(state):
    assert statuses(triggers.plan({ALIAS: mapping()}, {ALIAS: mapping(state)})) == [Status.PENDING]


def test_a_trigger_that_somebody_made_otherwise_is_left_alone_and_named():
    filters = {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}
    own = mapping(BatchSize=8, MaximumRetryAttempts=5, **filters)
    (obstacle,) = triggers.plan({ALIAS: mapping()}, {ALIAS: own})
    assert obstacle.status is Status.UNCHANGED
    # Patterns may be secret.
    assert obstacle.reason == (
        f"the mapping to {ALIAS} has its own BatchSize (8, the source has 7), FilterCriteria, "
        "MaximumRetryAttempts (5, the source has none), which is left alone"
    )


def test_a_trigger_whose_filter_cannot_be_read_is_never_created_unfiltered():
    source = {ALIAS: dataclasses.replace(mapping(), unreadable="AccessDenied")}
    assert statuses(triggers.plan(source, {})) == [Status.FAILED]


def test_disabled_triggers_differ_in_nothing_else():
    parameters = {"FunctionName": ALIAS, "Enabled": True, "BatchSize": 7}
    source = {ALIAS: triggers.EventSourceMapping("Enabled", parameters)}
    wanted = triggers.disabled(source)
    (change,) = triggers.plan(wanted, {})
    assert change.parameters == {**parameters, "Enabled": False}
    made = {ALIAS: triggers.EventSourceMapping("Disabled", change.parameters)}
    assert triggers.plan(wanted, made) == []
    enabled_since = triggers.plan(wanted, source)
    assert changes(enabled_since) == []
    assert source[ALIAS].parameters["Enabled"] is True


def test_filters_that_a_key_encrypts_are_not_fetched_even_if_lambda_lists_them(answer):
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"
    filters = {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}
    mapping = {"UUID": UUID, "FunctionArn": FUNCTION, "State": "Enabled", **filters}
    listed = [mapping, mapping | {"FunctionArn": f"{FUNCTION}-secretly", "KMSKeyArn": key}]
    answer("lambda", "list_event_source_mappings", {"EventSourceArn": STREAM}, {"EventSourceMappings": listed})
    plain, encrypted = triggers.fetch(with_stream())["EventSourceMappings"]
    assert (plain["FilterCriteria"], "FilterCriteria" in encrypted) == (filters["FilterCriteria"], False)
    assert encrypted["KMSKeyArn"] == key


def read_trigger(answer, **fields):
    answer("lambda", "list_event_source_mappings", None, {"EventSourceMappings": [listed_mapping(**fields)]})
    return read(triggers, with_stream())[FUNCTION]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            {"FilterCriteriaError": {"ErrorCode": "KMSAccessDenied", "Message": "no kms:Decrypt"}},
            "KMSAccessDenied: no kms:Decrypt",
        ),
        ({}, "it has a key, and Lambda shows none"),
        ({"FilterCriteria": {"Filters": []}}, "it has a key, and Lambda shows none"),
    ],
)
def test_a_trigger_is_not_made_without_the_filter_that_cannot_be_read(answer, told, why):
    key = {"KMSKeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{UUID}"}
    answer("lambda", "list_event_source_mappings", None, {"EventSourceMappings": [listed_mapping(**key)]})
    answer("lambda", "get_event_source_mapping", {"UUID": UUID}, listed_mapping(**key, **told))
    (step,) = triggers.plan(read(triggers, with_stream()), {})
    assert isinstance(step, Obstacle)
    assert step.status is Status.FAILED
    assert f"cannot be read ({why}): allow kms:Decrypt" in step.reason


@pytest.mark.parametrize(
    ("status", "code", "raised"),
    [
        ("ACTIVE", "ResourceNotFoundException", True),
        ("ACTIVE", "AccessDeniedException", True),
        ("DELETED", "AccessDeniedException", True),
        ("DELETED", "ResourceNotFoundException", False),
    ],
)
def test_an_encrypted_filter_is_given_up_only_if_table_and_mapping_are_gone(answer, status, code, raised):
    found = {FUNCTION: dataclasses.replace(mapping(KMSKeyArn="key"), uuid=UUID)}
    answer("lambda", "get_event_source_mapping", {"UUID": UUID}, code)
    table = Table(TABLE, {"TableStatus": status})
    if raised:
        with pytest.raises(ClientError, match=code):
            triggers.with_encrypted_filters(found, table, "eu-west-1")
    else:
        (left,) = triggers.with_encrypted_filters(found, table, "eu-west-1").values()
        assert left.unreadable.endswith("the old mapping is gone): create the mapping by hand")


def test_an_encrypted_filter_is_not_taken_from_a_record():
    secret = listed_mapping(
        KMSKeyArn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", FilterCriteria={"Filters": [{"Pattern": "{}"}]}
    )
    (seen,) = triggers.parse({"EventSourceMappings": [secret]}, Table(TABLE)).values()
    assert "FilterCriteria" not in seen.parameters


def test_a_destination_without_an_arn_is_none():
    destinations = {"OnSuccess": {}, "OnFailure": {"Destination": FUNCTION}}
    listed = [
        listed_mapping(DestinationConfig=destinations),
        listed_mapping(ALIAS, DestinationConfig={"OnFailure": {}}),
    ]
    with_one, without = triggers.parse({"EventSourceMappings": listed}, Table(TABLE)).values()
    assert with_one.parameters["DestinationConfig"] == {"OnFailure": {"Destination": FUNCTION}}
    assert "DestinationConfig" not in without.parameters


@pytest.mark.parametrize("criteria", [{}, {"Filters": []}])
def test_a_trigger_whose_filter_has_no_pattern_has_none(answer, criteria):
    assert "FilterCriteria" not in read_trigger(answer, FilterCriteria=criteria).parameters


@pytest.mark.parametrize("state", ["Disabled", "Disabling"])
def test_a_trigger_that_is_or_becomes_disabled_is_made_disabled(answer, state):
    assert read_trigger(answer, State=state).parameters["Enabled"] is False


def test_a_trigger_keeps_every_parameter(answer):
    fields = {
        "BatchSize": 7,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Destination": FUNCTION}},
        "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumBatchingWindowInSeconds": 5,
        "MaximumRecordAgeInSeconds": 60,
        "MaximumRetryAttempts": 0,
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "ParallelizationFactor": 2,
        "StartingPosition": "TRIM_HORIZON",
        "TumblingWindowInSeconds": 30,
    }
    parameters = read_trigger(answer, **fields).parameters
    assert parameters == {**fields, "FunctionName": FUNCTION, "Enabled": True}


def test_triggers_on_every_page_are_read(answer):
    request = {"EventSourceArn": STREAM}
    other = f"{FUNCTION}:live"
    first = {"EventSourceMappings": [listed_mapping()], "NextMarker": "next"}
    answer("lambda", "list_event_source_mappings", request, first)
    answer(
        "lambda",
        "list_event_source_mappings",
        request | {"Marker": "next"},
        {"EventSourceMappings": [listed_mapping(other)]},
    )
    assert read(triggers, with_stream()).keys() == {FUNCTION, other}


@pytest.mark.parametrize("specification", [{}, {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}])
def test_a_stream_that_was_disabled_is_none(specification):
    table = Table(TABLE, {"LatestStreamArn": STREAM, "StreamSpecification": specification})
    assert table.stream_arn is None
    assert triggers.event_source_mappings(table) == []


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ({"State": "Enabling"}, f"the mapping to {FUNCTION} is Enabling"),
        ({}, f"the mapping to {FUNCTION} is Creating"),
        ({"State": "Enabled"}, ""),
    ],
)
def test_a_mapping_that_is_being_made_is_waited_for(answer, answered, told):
    parameters = {"FunctionName": FUNCTION, "Enabled": True, "StartingPosition": "LATEST"}
    request = {"EventSourceArn": STREAM, **parameters}
    answer("lambda", "create_event_source_mapping", request, answered)
    assert triggers.apply(Change("CreateEventSourceMapping", parameters), with_stream()) == told
