"""read(): what becomes of AWS's answers. botocore holds each request and each answer to AWS's service model."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from table_sync import aws as function_clients
from table_sync.aws import Table
from table_sync.settings import (
    auto_scaling,
    contributor_insights,
    event_source_mapping_tags,
    kinesis,
    on_demand_throughput,
    read,
    scalable_target_tags,
    tags,
    triggers,
)
from table_sync.settings.api_shape import InvalidValueError
from table_sync.settings.setting import Change, Obstacle, Status

ACCOUNT = "123456789012"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:audit"
UUID = "7a9c6b1e-0d0f-4f2c-9d5e-0c6a2f1b8e11"
OF_AWS = {"aws:cloudformation:stack-name": "orders", "aws:cloudformation:logical-id": "Table"}
SCALED = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
CREATED = {"CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.fixture
def answer(monkeypatch):
    """Return what has the function's clients get these answers, in order; all of them have to be fetched."""
    # No request is signed or sent, but botocore looks for credentials whenever it makes a client.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "unused")
    function_clients.start_session()
    stubbers = {}
    with ExitStack() as exits:

        def add(service, operation, request, response, region="eu-west-1"):
            client = function_clients.client(service, region)
            if client not in stubbers:
                stubbers[client] = exits.enter_context(Stubber(client))
            stubbers[client].add_response(operation, response, request)

        yield add
        for stubber in stubbers.values():
            stubber.assert_no_pending_responses()
    function_clients.start_session()


def with_stream(arn=TABLE, stream=STREAM):
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    return Table(arn, {"StreamSpecification": specification, "LatestStreamArn": stream})


def described(**description):
    return Table(TABLE, {"TableStatus": "ACTIVE", **description})


def arn_of(kind, name):
    return f"arn:aws:autoscaling:eu-west-1:{ACCOUNT}:{kind}:{name}"


# Triggers


def test_filters_that_a_key_encrypts_are_not_fetched_even_if_lambda_lists_them(answer):
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"
    filters = {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}
    mapping = {"UUID": UUID, "FunctionArn": FUNCTION, "State": "Enabled", **filters}
    listed = [mapping, mapping | {"FunctionArn": f"{FUNCTION}-secretly", "KMSKeyArn": key}]
    answer("lambda", "list_event_source_mappings", {"EventSourceArn": STREAM}, {"EventSourceMappings": listed})
    plain, encrypted = triggers.fetch(with_stream())["EventSourceMappings"]
    assert (plain["FilterCriteria"], "FilterCriteria" in encrypted) == (filters["FilterCriteria"], False)
    assert encrypted["KMSKeyArn"] == key


def mapping(function=FUNCTION, **more):
    return {"UUID": UUID, "FunctionArn": function, "State": "Enabled", "StartingPosition": "LATEST", **more}


def read_trigger(answer, **fields):
    answer("lambda", "list_event_source_mappings", None, {"EventSourceMappings": [mapping(**fields)]})
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
    answer("lambda", "list_event_source_mappings", None, {"EventSourceMappings": [mapping(**key)]})
    answer("lambda", "get_event_source_mapping", {"UUID": UUID}, mapping(**key, **told))
    (step,) = triggers.plan(read(triggers, with_stream()), {})
    assert isinstance(step, Obstacle)
    assert step.status is Status.FAILED
    assert f"cannot be read ({why}): allow kms:Decrypt" in step.reason


@pytest.mark.parametrize("criteria", [{}, {"Filters": []}])
def test_a_trigger_whose_filter_has_no_pattern_has_none(answer, criteria):
    assert "FilterCriteria" not in read_trigger(answer, FilterCriteria=criteria).parameters


@pytest.mark.parametrize("state", ["Disabled", "Disabling"])
def test_a_trigger_that_is_or_becomes_disabled_is_made_disabled(answer, state):
    assert read_trigger(answer, State=state).parameters["Enabled"] is False


def test_a_trigger_keeps_its_metrics_and_its_tumbling_window(answer):
    fields = {"MetricsConfig": {"Metrics": ["EventCount"]}, "TumblingWindowInSeconds": 30}
    assert fields.items() <= read_trigger(answer, **fields).parameters.items()


def test_triggers_on_every_page_are_read(answer):
    request = {"EventSourceArn": STREAM}
    other = f"{FUNCTION}:live"
    first = {"EventSourceMappings": [mapping()], "NextMarker": "next"}
    answer("lambda", "list_event_source_mappings", request, first)
    answer(
        "lambda", "list_event_source_mappings", request | {"Marker": "next"}, {"EventSourceMappings": [mapping(other)]}
    )
    assert read(triggers, with_stream()).keys() == {FUNCTION, other}


@pytest.mark.parametrize("specification", [{}, {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}])
def test_a_stream_that_was_disabled_is_none(specification):
    table = Table(TABLE, {"LatestStreamArn": STREAM, "StreamSpecification": specification})
    assert table.stream_arn is None
    assert triggers.event_source_mappings(table) == []


# Tags


def listed(some):
    return [{"Key": key, "Value": value} for key, value in some.items()]


def test_tags_on_every_page_are_read_less_those_of_aws(answer):
    first = {f"tag-{number}": "x" for number in range(8)} | OF_AWS
    request = {"ResourceArn": TABLE}
    answer("dynamodb", "list_tags_of_resource", request, {"Tags": listed(first), "NextToken": "next"})
    last = {"Tags": listed({"aws-like": "ours", "aws:x": "y"})}
    answer("dynamodb", "list_tags_of_resource", request | {"NextToken": "next"}, last)
    assert read(tags, Table(TABLE)) == {**{f"tag-{number}": "x" for number in range(8)}, "aws-like": "ours"}


def test_tags_of_a_scalable_target_are_read_less_those_of_aws(answer):
    arn = arn_of("scalable-target", "1")
    target = {**SCALED, **CREATED, "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": arn, "ScalableTargetARN": arn}
    answer("application-autoscaling", "describe_scalable_targets", None, {"ScalableTargets": [target]})
    answer("application-autoscaling", "list_tags_for_resource", {"ResourceARN": arn}, {"Tags": OF_AWS | {"a": "b"}})
    (tagged,) = read(scalable_target_tags, described()).targets.values()
    assert tagged.tags == {"a": "b"}


@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_tags_of_a_trigger_are_read_in_the_table_s_partition_less_those_of_aws(answer, partition, region):
    table = f"arn:{partition}:dynamodb:{region}:{ACCOUNT}:table/orders"
    arn = f"arn:{partition}:lambda:{region}:{ACCOUNT}:event-source-mapping:{UUID}"
    answer("lambda", "list_event_source_mappings", None, {"EventSourceMappings": [mapping()]}, region)
    answer("lambda", "list_tags", {"Resource": arn}, {"Tags": OF_AWS | {"a": "b"}}, region)
    (tagged,) = read(event_source_mapping_tags, with_stream(table, f"{table}/stream/2026")).values()
    assert (tagged.arn, tagged.tags) == (arn, {"a": "b"})


# Auto scaling


def target(dimension):
    of = {**SCALED, "ScalableDimension": f"dynamodb:table:{dimension}CapacityUnits"}
    return {**of, **CREATED, "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": arn_of("role", dimension)}


def policy(name, kind="TargetTrackingScaling"):
    of = {"PolicyName": name, "PolicyARN": arn_of("scalingPolicy", name), "PolicyType": kind}
    if kind == "TargetTrackingScaling":
        of["TargetTrackingScalingPolicyConfiguration"] = {"TargetValue": 70.0}
    return {**SCALED, **CREATED, **of}


def action(name, schedule="rate(1 day)", **more):
    of = {"ScheduledActionName": name, "ScheduledActionARN": arn_of("scheduledAction", name)}
    return {**SCALED, **CREATED, **of, "Schedule": schedule, "ScalableTargetAction": {"MinCapacity": 1}, **more}


def read_auto_scaling(answer, *, targets=(("Read",),), policies=((),), actions=((),)):
    """Let AWS answer with these pages."""
    of_table = {"ServiceNamespace": "dynamodb", "ResourceId": "table/orders"}
    every = (
        ("scalable_targets", {"ServiceNamespace": "dynamodb", "ResourceIds": ["table/orders"]}, targets),
        ("scaling_policies", of_table, policies),
        ("scheduled_actions", of_table, actions),
    )
    for what, request, pages in every:
        for number, page in enumerate(pages):
            token = {"NextToken": str(number)} if number else {}
            more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
            key = what.title().replace("_", "")
            found = [target(dimension) for dimension in page] if what == "scalable_targets" else list(page)
            answer("application-autoscaling", f"describe_{what}", request | token, {key: found} | more)
    return read(auto_scaling, described()).writes


def names(writes, key):
    return [write.parameters[key] for write in writes if key in write.parameters]


def test_auto_scaling_on_every_page_is_read(answer):
    writes = read_auto_scaling(
        answer,
        targets=[["Read"], ["Write"]],
        policies=[[policy("first")], [policy("last")]],
        actions=[[action("early")], [action("late")]],
    )
    registered = [write for write in writes if write.operation == "RegisterScalableTarget"]
    assert [name.split(":")[2] for name in names(registered, "ScalableDimension")] == [
        "ReadCapacityUnits",
        "WriteCapacityUnits",
    ]
    assert names(writes, "PolicyName") == ["first", "last"]
    assert names(writes, "ScheduledActionName") == ["early", "late"]


@pytest.mark.parametrize("suspended", [{}, {"ScheduledScalingSuspended": True}])
def test_what_a_target_does_not_name_is_not_suspended(answer, suspended):
    names_of = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    found = {"ScalableTargets": [target("Read") | {"SuspendedState": suspended}]}
    answer("application-autoscaling", "describe_scalable_targets", None, found)
    for what in ("scaling_policies", "scheduled_actions"):
        answer("application-autoscaling", f"describe_{what}", None, {what.title().replace("_", ""): []})
    (register,) = read(auto_scaling, described()).writes
    assert register.parameters["SuspendedState"] == dict.fromkeys(names_of, False) | suspended


def test_scaling_of_another_service_is_refused():
    dimension = "dynamodb:table:ReadCapacityUnits"
    entry = {"ServiceNamespace": "ecs", "ResourceId": "table/orders", "ScalableDimension": dimension}
    with pytest.raises(InvalidValueError, match="ServiceNamespace is not dynamodb"):
        auto_scaling.checked_for(described(), entry, "ScalableTarget")


def test_a_policy_of_another_type_than_dynamodb_has_is_left_out(answer):
    writes = read_auto_scaling(answer, policies=[[policy("steps", "StepScaling"), policy("tracking")]])
    assert names(writes, "PolicyName") == ["tracking"]


def test_an_action_is_over_when_its_end_has_passed(answer):
    now = datetime.now(UTC)
    ended, lasting = (action(f"{hours}", EndTime=now + timedelta(hours=hours)) for hours in (-1, 1))
    writes = read_auto_scaling(answer, actions=[[ended, lasting]])
    assert names(writes, "ScheduledActionName") == ["1"]
    assert names(writes, "EndTime") == [lasting["EndTime"]]


@pytest.mark.parametrize(
    ("hours", "timezone", "over"),
    [
        (2, None, False),
        (2, "Pacific/Kiritimati", True),  # 14 hours before UTC has it
        (-2, None, True),
        (-2, "Pacific/Pago_Pago", False),  # 11 hours after
        (2, "Atlantis/Poseidonis", False),  # of no data: UTC
        (-2, "Atlantis/Poseidonis", True),
    ],
)
def test_an_action_that_runs_once_is_over_by_the_clock_of_its_time_zone(answer, hours, timezone, over):
    at = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")
    once = action("once", f"at({at})", **({"Timezone": timezone} if timezone else {}))
    writes = read_auto_scaling(answer, actions=[[once]])
    assert names(writes, "ScheduledActionName") == ([] if over else ["once"])


def test_a_start_is_kept_until_it_has_passed(answer):
    now = datetime.now(UTC)
    started, starting = (action(f"{hours}", StartTime=now + timedelta(hours=hours)) for hours in (-1, 1))
    writes = read_auto_scaling(answer, actions=[[started, starting]])
    put = {write.parameters.get("ScheduledActionName"): write.parameters for write in writes}
    assert "StartTime" not in put["-1"]
    assert put["1"]["StartTime"] == starting["StartTime"]


# Settings that few tables have


def test_insights_on_every_page_are_read(answer):
    request = {"TableName": "orders"}
    of_table = {"TableName": "orders", "ContributorInsightsStatus": "ENABLED"}
    of_index = of_table | {"IndexName": "by_day"}
    first = {"ContributorInsightsSummaries": [of_table], "NextToken": "next"}
    answer("dynamodb", "list_contributor_insights", request, first)
    last = {"ContributorInsightsSummaries": [of_index]}
    answer("dynamodb", "list_contributor_insights", request | {"NextToken": "next"}, last)
    assert read(contributor_insights, described()).insights.keys() == {"", "by_day"}


def test_a_maximum_of_minus_one_is_none():
    unlimited = {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}
    index = {"IndexName": "by_day", "OnDemandThroughput": unlimited | {"MaxReadRequestUnits": 5}}
    seen = read(on_demand_throughput, described(OnDemandThroughput=unlimited, GlobalSecondaryIndexes=[index]))
    assert seen.maximums == {"by_day": {"MaxReadRequestUnits": 5}}


def test_an_index_of_a_table_that_is_being_restored_has_the_table_s_status():
    indexes = [{"IndexName": "by_day"}, {"IndexName": "by_hour", "IndexStatus": "ACTIVE"}]
    table = Table(TABLE, {"TableStatus": "CREATING", "GlobalSecondaryIndexes": indexes})
    assert table.indexes == {"by_day": "CREATING", "by_hour": "ACTIVE"}


# Kinesis destinations


@pytest.mark.parametrize(("status", "gone"), [("ACTIVE", False), ("DELETING", True)])
def test_a_failed_destination_is_gone_if_its_stream_is_being_deleted(answer, status, gone):
    arn = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/changes"
    failed = {"StreamArn": arn, "DestinationStatus": "ENABLE_FAILED"}
    summary = {
        "StreamName": "changes",
        "StreamARN": arn,
        "StreamStatus": status,
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
        "EnhancedMonitoring": [],
        "OpenShardCount": 1,
    }
    answer(
        "dynamodb",
        "describe_kinesis_streaming_destination",
        {"TableName": "orders"},
        {"KinesisDataStreamDestinations": [failed]},
    )
    answer("kinesis", "describe_stream_summary", {"StreamName": "changes"}, {"StreamDescriptionSummary": summary})
    assert read(kinesis, described())[arn].gone is gone


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ({"DestinationStatus": "ENABLING"}, " is ENABLING"),
        ({"DestinationStatus": "UPDATING"}, " is UPDATING"),
        ({}, " is ENABLING"),
        ({"DestinationStatus": "ACTIVE"}, ""),
    ],
)
@pytest.mark.parametrize("verb", ["enable", "update"])
def test_a_destination_that_is_not_active_yet_is_waited_for(answer, verb, answered, told):
    arn = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/changes"
    call = f"{verb}_kinesis_streaming_destination"
    answer("dynamodb", call, {"TableName": "orders", "StreamArn": arn}, answered)
    change = Change(f"{verb.title()}KinesisStreamingDestination", {"StreamArn": arn})
    assert kinesis.apply(change, described()) == (arn + told if told else "")
