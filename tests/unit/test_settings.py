"""plan() of the settings that the SAM sample gives back: what it must do for any source and target, as properties."""

import dataclasses
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import Table
from table_sync.settings import auto_scaling, kinesis, pitr, stream, tags, triggers, ttl
from table_sync.settings.setting import Change, Obstacle, Status

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:audit:live"
KINESIS = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"


def statuses(steps):
    return [step.status for step in steps if isinstance(step, Obstacle)]


# Tags

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


# TTL

times_to_live = st.builds(
    ttl.TimeToLive,
    st.sampled_from(["ENABLED", "ENABLING", "DISABLED", "DISABLING"]),
    st.sampled_from(["expires", "at"]),
)


@given(source=times_to_live, target=times_to_live)
def test_ttl_is_enabled_once_and_never_switched_over(source, target):
    steps = ttl.plan(source, target)
    if not source or (target and target.attribute == source.attribute):
        assert steps == []
    elif target:
        assert statuses(steps) == [Status.FAILED]
        assert target.attribute in steps[0].reason
    elif target.status == "DISABLING":
        assert statuses(steps) == [Status.PENDING]
    else:
        specification = {"Enabled": True, "AttributeName": source.attribute}
        assert steps == [Change("UpdateTimeToLive", {"TimeToLiveSpecification": specification})]


# PITR

recoveries = st.builds(pitr.PointInTimeRecovery, st.booleans(), st.none() | st.integers(1, 35))


@given(source=recoveries, target=recoveries)
def test_pitr_gets_the_source_s_period_and_is_never_turned_off(source, target):
    steps = pitr.plan(source, target)
    if not source.enabled:
        assert steps == []
        return
    for change in steps:
        specification = change.parameters["PointInTimeRecoverySpecification"]
        assert specification["PointInTimeRecoveryEnabled"] is True
        target = pitr.PointInTimeRecovery(
            enabled=True, recovery_period_in_days=specification.get("RecoveryPeriodInDays")
        )
    assert target.enabled
    assert source.recovery_period_in_days in {None, target.recovery_period_in_days}
    assert pitr.plan(source, target) == []


# Stream

streams = st.builds(
    stream.Stream,
    st.sampled_from([None, "KEYS_ONLY", "NEW_IMAGE", "NEW_AND_OLD_IMAGES"]),
    st.sampled_from(["ACTIVE", "UPDATING"]),
)


@given(source=streams, target=streams)
def test_a_stream_is_enabled_while_the_table_is_active_and_never_replaced(source, target):
    steps = stream.plan(source, target)
    if source.view_type in {None, target.view_type}:
        assert steps == []
    elif target.view_type:
        assert statuses(steps) == [Status.FAILED]
    elif target.table_status == "UPDATING":
        assert statuses(steps) == [Status.PENDING]
    else:
        specification = {"StreamEnabled": True, "StreamViewType": source.view_type}
        assert steps == [Change("UpdateTable", {"StreamSpecification": specification})]


# Kinesis

LIVE = ["ACTIVE", "ENABLING", "UPDATING"]
ON = [*LIVE, "DISABLING"]
OFF = ["DISABLED", "ENABLE_FAILED"]
precisions = st.sampled_from(["MILLISECOND", "MICROSECOND"])


@st.composite
def destinations(draw):
    """Draw the destinations of a table, of which AWS lets one be anything but off."""
    streams = draw(st.lists(st.sampled_from([KINESIS, f"{KINESIS}-2", f"{KINESIS}-3"]), unique=True))
    drawn = [kinesis.Destination(draw(st.sampled_from(OFF)), draw(precisions)) for _ in streams]
    if drawn:
        drawn[0] = kinesis.Destination(draw(st.sampled_from(ON + OFF)), draw(precisions))
    return kinesis.Destinations(zip(streams, drawn, strict=True))


@given(source=destinations(), target=destinations())
def test_the_live_kinesis_destination_of_the_source_becomes_live_where_no_other_is(source, target):
    steps = kinesis.plan(source, target)
    live = [item for item in source.items() if item[1].status in LIVE]
    assert bool(source) == bool(live)
    if not live:
        assert steps == []
        return
    ((arn, wanted),) = live
    busy = [name for name, destination in target.items() if destination.status in ON]
    reached = kinesis.Destinations(target)
    for change in [step for step in steps if isinstance(step, Change)]:
        configuration = [value for key, value in change.parameters.items() if key != "StreamArn"]
        precision = configuration[0]["ApproximateCreationDateTimePrecision"] if configuration else "MILLISECOND"
        assert change.parameters["StreamArn"] == arn
        assert busy in ([], [arn])
        assert not busy or target[arn].status == "ACTIVE"
        reached[arn] = kinesis.Destination("ACTIVE", precision)
        assert reached[arn].precision == wanted.precision
        assert kinesis.plan(source, reached) == []
    if busy and target[busy[0]].status in {"ENABLING", "UPDATING"} and busy != [arn]:
        assert statuses(steps) == [Status.UNCHANGED]
        assert steps[0].differs
    elif busy and target[busy[0]].status != "ACTIVE":
        assert statuses(steps) == [Status.PENDING]
    elif busy and busy != [arn]:
        assert statuses(steps) == [Status.UNCHANGED]
        assert f"the target streams to {busy[0]}" in steps[0].reason


def test_a_destination_that_aws_gave_up_on_says_why():
    target = kinesis.Destinations({KINESIS: kinesis.Destination("ENABLE_FAILED", status_description="no permission")})
    source = kinesis.Destinations({KINESIS: kinesis.Destination("ACTIVE", "MICROSECOND")})
    (change,) = kinesis.plan(source, target)
    assert "no permission" in change.undone


@pytest.mark.parametrize("where", ["us-east-1:123456789012", "eu-west-1:444455556666"])
def test_a_stream_of_another_region_or_account_is_not_looked_for_and_not_called_gone(where):
    arn = f"arn:aws:kinesis:{where}:stream/changes"
    table = Table("arn:aws:dynamodb:eu-west-1:123456789012:table/copy", {"TableStatus": "ACTIVE"})
    failed = kinesis.Destinations({arn: kinesis.Destination("ENABLE_FAILED")})
    assert kinesis.with_missing_streams(failed, table, "") == failed


def test_a_destination_whose_stream_is_gone_is_left_out():
    target = kinesis.Destinations({KINESIS: kinesis.Destination("ENABLE_FAILED", gone=True)})
    (obstacle,) = kinesis.plan(kinesis.Destinations({KINESIS: kinesis.Destination("ACTIVE")}), target)
    assert (obstacle.status, obstacle.differs) == (Status.UNCHANGED, False)
    assert obstacle.reason == f"{KINESIS} does not exist: the destination is left out"


# Triggers


def mapping(state="Enabled", **parameters):
    return triggers.EventSourceMapping(state, {"FunctionName": FUNCTION, "Enabled": True, "BatchSize": 7, **parameters})


def test_a_missing_trigger_is_created_as_it_is_on_the_source():
    source = {FUNCTION: mapping(MaximumRetryAttempts=0)}
    assert triggers.plan(source, {}) == [Change("CreateEventSourceMapping", source[FUNCTION].parameters)]
    assert triggers.plan(source, source) == []


@pytest.mark.parametrize("state", ["Creating", "Enabling", "Updating", "Disabling"])
def test_a_trigger_that_aws_works_on_is_pending(state):
    assert statuses(triggers.plan({FUNCTION: mapping()}, {FUNCTION: mapping(state)})) == [Status.PENDING]


def test_a_trigger_that_somebody_made_otherwise_is_left_alone_and_named():
    (obstacle,) = triggers.plan({FUNCTION: mapping()}, {FUNCTION: mapping(BatchSize=8)})
    assert obstacle.status is Status.UNCHANGED
    assert "BatchSize" in obstacle.reason


def test_a_trigger_whose_filter_cannot_be_read_is_never_created_unfiltered():
    source = {FUNCTION: dataclasses.replace(mapping(), unreadable="AccessDenied")}
    assert statuses(triggers.plan(source, {})) == [Status.FAILED]


# Auto scaling


def scaling(table_name, writes=(), *, billing_mode="PROVISIONED", indexes=()):
    return auto_scaling.AutoScaling(table_name, billing_mode, dict(indexes), tuple(writes))


def register(table_name, index="", least=1):
    resource_id = f"table/{table_name}" + (f"/index/{index}" if index else "")
    return Change("RegisterScalableTarget", {"ResourceId": resource_id, "MinCapacity": least})


def policy(table_name, name, **configuration):
    parameters = {"ResourceId": f"table/{table_name}", "PolicyName": name}
    return Change("PutScalingPolicy", parameters | {"TargetTrackingScalingPolicyConfiguration": configuration})


table_names = st.from_regex(r"[a-zA-Z0-9_.-]{3,255}", fullmatch=True)


@given(source=table_names, target=table_names, index=table_names)
def test_what_is_planned_for_a_target_is_not_planned_again(source, target, index):
    writes = [
        register(source),
        register(source, index),
        policy(source, f"DynamoDBReadCapacityUtilization:table/{source}"),
        policy(source, f"$DynamoDBReadCapacityUtilization:table/{source}/index/{index}"),
    ]
    of_source = scaling(source, writes, indexes={index: "ACTIVE"})
    planned = auto_scaling.plan(of_source, scaling(target, indexes={index: "ACTIVE"}))
    assert len(planned) == len(writes)
    assert all(write.parameters["ResourceId"].startswith(f"table/{target}") for write in planned)
    assert all(len(write.parameters.get("PolicyName", "")) <= 256 for write in planned)
    reached = scaling(target, planned, indexes={index: "ACTIVE"})
    assert auto_scaling.plan(of_source, reached) == []
    assert auto_scaling.plan(of_source, of_source) == []


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("DynamoDBReadCapacityUtilization:table/orders", "DynamoDBReadCapacityUtilization:table/copy"),
        ("$Read:table/orders/index/orders", "$Read:table/copy/index/orders"),
        ("table/orders-2", "table/orders-2"),
        ("mytable/orders", "mytable/orders"),
        ("orders", "orders"),
    ],
)
def test_only_the_table_s_segment_of_a_policy_name_is_renamed(name, renamed):
    (write,) = auto_scaling.plan(scaling("orders", [policy("orders", name)]), scaling("copy"))
    assert write.parameters["PolicyName"] == renamed


def test_policy_names_that_would_be_too_long_stay_apart_and_come_out_the_same():
    names = [f"{'x' * 200}:table/orders:{end}" for end in "ab"]
    source = scaling("orders", [policy("orders", name) for name in names])
    first, second = auto_scaling.plan(source, scaling("c" * 200))
    assert first.parameters["PolicyName"] != second.parameters["PolicyName"]
    assert [len(one.parameters["PolicyName"]) for one in (first, second)] == [256, 256]
    assert auto_scaling.plan(source, scaling("c" * 200)) == [first, second]


def test_table_name_dimensions_are_rewritten_in_metric_math_too():
    def dimensions(table, other):
        return [{"Name": "TableName", "Value": table}, {"Name": "Other", "Value": other}]

    def configured(table):
        return {
            "CustomizedMetricSpecification": {
                "Dimensions": dimensions(table, "orders"),
                "Metrics": [{"MetricStat": {"Metric": {"Dimensions": dimensions(table, "orders")}}}],
            }
        }

    source = scaling("orders", [policy("orders", "custom", **configured("orders"))])
    (write,) = auto_scaling.plan(source, scaling("copy"))
    assert write == policy("copy", "custom", **configured("copy"))


def test_an_on_demand_target_has_no_auto_scaling():
    steps = auto_scaling.plan(scaling("orders", [register("orders")]), scaling("copy", billing_mode="PAY_PER_REQUEST"))
    assert statuses(steps) == [Status.SKIPPED]
    assert len(steps) == 1


@pytest.mark.parametrize(
    ("indexes", "status"),
    [({}, Status.UNCHANGED), ({"by_day": "CREATING"}, Status.PENDING), ({"by_day": "DELETING"}, Status.PENDING)],
)
def test_an_index_that_cannot_scale_keeps_nothing_else_from_scaling(indexes, status):
    source = scaling("orders", [register("orders"), register("orders", "by_day")], indexes={"by_day": "ACTIVE"})
    steps = auto_scaling.plan(source, scaling("copy", indexes=indexes))
    assert [step for step in steps if isinstance(step, Change)] == [register("copy")]
    assert statuses(steps) == [status]
    assert "by_day" in steps[-1].reason


def test_a_capacity_that_differs_is_registered_anew():
    steps = auto_scaling.plan(scaling("orders", [register("orders", least=5)]), scaling("copy", [register("copy")]))
    assert steps == [register("copy", least=5)]


READS = {"PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}}


def custom(metric, table="orders"):
    dimensions = [{"Name": "TableName", "Value": table}, {"Name": "Operation", "Value": "GetItem"}]
    return {"CustomizedMetricSpecification": {"MetricName": metric, "Dimensions": dimensions}}


def test_a_policy_for_the_same_metric_is_equal_under_any_name():
    source = scaling("orders", [policy("orders", "$reads:table/orders", TargetValue=70.0, **READS)])
    defaults = {"DisableScaleIn": False, "ScaleInCooldown": 0, "ScaleOutCooldown": 0}
    target = scaling("copy", [policy("copy", "of a template", TargetValue=70.0, **defaults, **READS)])
    assert auto_scaling.plan(source, target) == []


def test_the_order_of_dimensions_makes_no_other_metric():
    wanted, present = custom("busy"), custom("busy", "copy")
    present["CustomizedMetricSpecification"]["Dimensions"].reverse()
    source, target = (
        scaling("orders", [policy("orders", "a", **wanted)]),
        scaling("copy", [policy("copy", "b", **present)]),
    )
    assert auto_scaling.plan(source, target) == []


def test_another_configuration_for_the_same_metric_is_put_under_the_name_that_it_has():
    source = scaling("orders", [policy("orders", "reads", TargetValue=70.0, **READS)])
    present = policy("copy", "of a template", TargetValue=50.0, DisableScaleIn=True, ScaleInCooldown=60, **READS)
    (write,) = auto_scaling.plan(source, scaling("copy", [present]))
    # What is not said would stay.
    unsaid = {"DisableScaleIn": False, "ScaleInCooldown": 0}
    assert write == policy("copy", "of a template", TargetValue=70.0, **unsaid, **READS)
    assert auto_scaling.plan(source, scaling("copy", [write])) == []


def test_a_policy_that_has_the_name_and_is_for_another_metric_is_not_replaced():
    source = scaling("orders", [policy("orders", "a", **custom("busy")), policy("orders", "b", **custom("slow"))])
    present = policy("copy", "a", **custom("slow", "copy"))
    (write,) = auto_scaling.plan(source, scaling("copy", [present]))
    assert write.parameters["PolicyName"].startswith("a-")
    assert write.parameters["TargetTrackingScalingPolicyConfiguration"] == custom("busy", "copy")
    assert auto_scaling.plan(source, scaling("copy", [present, write])) == []


def test_names_that_the_new_table_makes_the_same_stay_apart():
    names = {"for:table/orders": "busy", "for:table/copy": "slow"}
    source = scaling("orders", [policy("orders", name, **custom(metric)) for name, metric in names.items()])
    planned = auto_scaling.plan(source, scaling("copy"))
    assert len({write.parameters["PolicyName"] for write in planned}) == 2
    assert auto_scaling.plan(source, scaling("copy", planned)) == []


def action(table, name, schedule):
    parameters = {"ResourceId": f"table/{table}", "ScheduledActionName": name, "Schedule": schedule}
    return Change("PutScheduledAction", parameters)


def test_an_action_with_the_same_effect_is_equal_under_any_name():
    source = scaling("orders", [action("orders", "night", "rate(1 day)")])
    assert auto_scaling.plan(source, scaling("copy", [action("copy", "nightly", "rate(1 day)")])) == []


def test_an_action_that_gets_another_effect_stands_for_no_other():
    source = scaling("orders", [action("orders", "a", "rate(1 day)"), action("orders", "b", "rate(2 days)")])
    planned = auto_scaling.plan(source, scaling("copy", [action("copy", "a", "rate(2 days)")]))
    assert planned == [action("copy", "a", "rate(1 day)"), action("copy", "b", "rate(2 days)")]
