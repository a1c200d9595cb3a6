"""plan() and read() of auto scaling."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from table_sync.settings import auto_scaling, read
from table_sync.settings.api_shape import InvalidValueError
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import CREATED, SCALED, auto_scaling_arn, described, statuses, table_names


def scaling(table_name, writes=(), *, billing_mode="PROVISIONED", indexes=()):
    return auto_scaling.AutoScaling(table_name, billing_mode, dict(indexes), tuple(writes))


def register(table_name, index="", least=1):
    resource_id = f"table/{table_name}" + (f"/index/{index}" if index else "")
    return Change("RegisterScalableTarget", {"ResourceId": resource_id, "MinCapacity": least})


def policy(table_name, name, **configuration):
    parameters = {"ResourceId": f"table/{table_name}", "PolicyName": name}
    return Change("PutScalingPolicy", parameters | {"TargetTrackingScalingPolicyConfiguration": configuration})


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


def test_the_order_of_fields_makes_no_other_metric_and_no_other_action():
    specification = custom("busy", "copy")["CustomizedMetricSpecification"]
    reversed_specification = {"CustomizedMetricSpecification": dict(reversed(specification.items()))}
    capacity = {"MinCapacity": 1, "MaxCapacity": 2}
    source = scaling(
        "orders",
        [
            policy("orders", "a", **custom("busy")),
            action("orders", "night", "rate(1 day)", ScalableTargetAction=capacity),
        ],
    )
    target = scaling(
        "copy",
        [
            policy("copy", "b", **reversed_specification),
            action("copy", "nightly", "rate(1 day)", ScalableTargetAction=dict(reversed(capacity.items()))),
        ],
    )
    assert auto_scaling.plan(source, target) == []


def test_a_name_that_is_taken_gets_a_digest_within_the_longest_name():
    longest = "a" * 256
    source = scaling("orders", [policy("orders", longest, **custom("busy"))])
    (write,) = auto_scaling.plan(source, scaling("copy", [policy("copy", longest, **custom("slow", "copy"))]))
    assert len(write.parameters["PolicyName"]) == 256
    assert write.parameters["PolicyName"] != longest


def test_each_write_says_what_it_is_about_and_what_is_there():
    dimension = {"ScalableDimension": "dynamodb:index:ReadCapacityUnits"}

    def writes(table, name, least, value, schedule):
        registered = register(table, "by_day", least)
        return [
            replace(registered, parameters=registered.parameters | dimension),
            policy(table, name, TargetValue=value, **READS),
            action(table, "night", schedule),
        ]

    source = scaling("orders", writes("orders", "reads", 5, 70.0, "rate(1 day)"), indexes={"by_day": "ACTIVE"})
    there = writes("copy", "of a template", 1, 50.0, "rate(2 days)")
    planned = auto_scaling.plan(source, scaling("copy", there, indexes={"by_day": "ACTIVE"}))
    assert [write.subject for write in planned] == [
        "scalable target ReadCapacityUnits of index by_day",
        "scaling policy of a template",
        "scheduled action night",
    ]
    assert [write.present for write in planned] == [write.parameters for write in there]
    planned = auto_scaling.plan(source, scaling("copy", indexes={"by_day": "ACTIVE"}))
    assert [write.present for write in planned] == [None] * 3


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


def action(table, name, schedule, **more):
    parameters = {"ResourceId": f"table/{table}", "ScheduledActionName": name, "Schedule": schedule, **more}
    return Change("PutScheduledAction", parameters)


def test_an_action_with_the_same_effect_is_equal_under_any_name():
    source = scaling("orders", [action("orders", "night", "rate(1 day)")])
    assert auto_scaling.plan(source, scaling("copy", [action("copy", "nightly", "rate(1 day)")])) == []


def test_an_action_with_another_effect_stands_for_none():
    source = scaling("orders", [action("orders", "night", "rate(1 day)")])
    planned = auto_scaling.plan(source, scaling("copy", [action("copy", "other", "rate(2 days)")]))
    assert planned == [action("copy", "night", "rate(1 day)")]


def test_an_action_that_gets_another_effect_stands_for_no_other():
    source = scaling("orders", [action("orders", "a", "rate(1 day)"), action("orders", "b", "rate(2 days)")])
    planned = auto_scaling.plan(source, scaling("copy", [action("copy", "a", "rate(2 days)")]))
    assert planned == [action("copy", "a", "rate(1 day)"), action("copy", "b", "rate(2 days)")]


def described_target(dimension):
    of = {**SCALED, "ScalableDimension": f"dynamodb:table:{dimension}CapacityUnits"}
    return {**of, **CREATED, "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": auto_scaling_arn("role", dimension)}


def described_policy(name, kind="TargetTrackingScaling"):
    of = {"PolicyName": name, "PolicyARN": auto_scaling_arn("scalingPolicy", name), "PolicyType": kind}
    if kind == "TargetTrackingScaling":
        of["TargetTrackingScalingPolicyConfiguration"] = {"TargetValue": 70.0}
    return {**SCALED, **CREATED, **of}


def described_action(name, schedule="rate(1 day)", **more):
    of = {"ScheduledActionName": name, "ScheduledActionARN": auto_scaling_arn("scheduledAction", name)}
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
            found = [described_target(dimension) for dimension in page] if what == "scalable_targets" else list(page)
            answer("application-autoscaling", f"describe_{what}", request | token, {key: found} | more)
    return read(auto_scaling, described()).writes


def values_of(writes, key):
    return [write.parameters[key] for write in writes if key in write.parameters]


def test_auto_scaling_on_every_page_is_read(answer):
    writes = read_auto_scaling(
        answer,
        targets=[["Read"], ["Write"]],
        policies=[[described_policy("first")], [described_policy("last")]],
        actions=[[described_action("early")], [described_action("late")]],
    )
    registered = [write for write in writes if write.operation == "RegisterScalableTarget"]
    assert [name.split(":")[2] for name in values_of(registered, "ScalableDimension")] == [
        "ReadCapacityUnits",
        "WriteCapacityUnits",
    ]
    assert values_of(writes, "PolicyName") == ["first", "last"]
    assert values_of(writes, "ScheduledActionName") == ["early", "late"]


@pytest.mark.parametrize("suspended", [{}, {"ScheduledScalingSuspended": True}])
def test_what_a_target_does_not_name_is_not_suspended(answer, suspended):
    names_of = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    found = {"ScalableTargets": [described_target("Read") | {"SuspendedState": suspended}]}
    answer("application-autoscaling", "describe_scalable_targets", None, found)
    for what in ("scaling_policies", "scheduled_actions"):
        answer("application-autoscaling", f"describe_{what}", None, {what.title().replace("_", ""): []})
    (register,) = read(auto_scaling, described()).writes
    assert register.parameters["SuspendedState"] == dict.fromkeys(names_of, False) | suspended


def test_scalable_targets_are_asked_for_fifty_at_a_time(answer):
    indexes = [f"by_{number:02}" for number in range(59)]
    resource_ids = ["table/orders", *(f"table/orders/index/{index}" for index in indexes)]
    for asked in (resource_ids[:50], resource_ids[50:]):
        request = {"ServiceNamespace": "dynamodb", "ResourceIds": asked}
        answer("application-autoscaling", "describe_scalable_targets", request, {"ScalableTargets": []})
    table = described(GlobalSecondaryIndexes=[{"IndexName": index, "IndexStatus": "ACTIVE"} for index in indexes])
    assert read(auto_scaling, table).writes == ()


def test_an_action_that_runs_at_no_time_is_refused(answer):
    with pytest.raises(InvalidValueError, match=r"Schedule at\(soon\) is not a time"):
        read_auto_scaling(answer, actions=[[described_action("once", "at(soon)")]])


def test_scaling_of_another_service_is_refused():
    dimension = "dynamodb:table:ReadCapacityUnits"
    entry = {"ServiceNamespace": "ecs", "ResourceId": "table/orders", "ScalableDimension": dimension}
    with pytest.raises(InvalidValueError, match="ServiceNamespace is not dynamodb"):
        auto_scaling.checked_for(described(), entry, "ScalableTarget")


def test_a_policy_of_another_type_than_dynamodb_has_is_left_out(answer):
    writes = read_auto_scaling(
        answer, policies=[[described_policy("steps", "StepScaling"), described_policy("tracking")]]
    )
    assert values_of(writes, "PolicyName") == ["tracking"]


def test_an_action_is_over_when_its_end_has_passed(answer):
    now = datetime.now(UTC)
    ended, lasting = (described_action(f"{hours}", EndTime=now + timedelta(hours=hours)) for hours in (-1, 1))
    writes = read_auto_scaling(answer, actions=[[ended, lasting]])
    assert values_of(writes, "ScheduledActionName") == ["1"]
    assert values_of(writes, "EndTime") == [lasting["EndTime"]]


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
    once = described_action("once", f"at({at})", **({"Timezone": timezone} if timezone else {}))
    writes = read_auto_scaling(answer, actions=[[once]])
    assert values_of(writes, "ScheduledActionName") == ([] if over else ["once"])


def test_a_start_is_kept_until_it_has_passed(answer):
    now = datetime.now(UTC)
    started, starting = (described_action(f"{hours}", StartTime=now + timedelta(hours=hours)) for hours in (-1, 1))
    writes = read_auto_scaling(answer, actions=[[started, starting]])
    put = {write.parameters.get("ScheduledActionName"): write.parameters for write in writes}
    assert "StartTime" not in put["-1"]
    assert put["1"]["StartTime"] == starting["StartTime"]
