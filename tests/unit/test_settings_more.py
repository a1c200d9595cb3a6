"""plan() of the settings that nothing but this module gives back; as test_settings.py, with nothing but values."""

import json
import re
from dataclasses import replace

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync import rename
from table_sync.aws import Table
from table_sync.settings import (
    SETTINGS,
    alarms,
    contributor_insights,
    deletion_protection,
    event_source_mapping_tags,
    on_demand_throughput,
    read,
    resource_policy,
    scalable_target_tags,
    table_class,
    triggers,
)
from table_sync.settings.api_shape import InvalidValueError
from table_sync.settings.attached_tags import Tagged
from table_sync.settings.setting import Change, Obstacle, Status

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:audit:live"
SOURCE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
TARGET = "arn:aws:dynamodb:eu-central-1:123456789012:table/copy"
STREAM = "/stream/2026-01-01T00:00:00.000"

table_names = st.from_regex(r"[a-zA-Z0-9_.-]{3,255}", fullmatch=True)
index_statuses = st.dictionaries(st.sampled_from(["by_day", "by-id"]), st.sampled_from(["ACTIVE", "CREATING"]))


def changes(steps):
    return [step for step in steps if isinstance(step, Change)]


def statuses(steps):
    return [step.status for step in steps if isinstance(step, Obstacle)]


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


# Deletion protection


@pytest.mark.parametrize(("source", "target"), [(False, False), (False, True), (True, False), (True, True)])
def test_deletion_protection_is_turned_on_and_never_off(source, target):
    steps = deletion_protection.plan(source, target)
    expected = [Change("UpdateTable", {"DeletionProtectionEnabled": True})] if source and not target else []
    assert steps == expected


# Table class

classes = st.builds(
    table_class.TableClass,
    st.sampled_from(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
    st.sampled_from(["ACTIVE", "UPDATING"]),
)


@given(source=classes, target=classes)
def test_a_class_is_changed_alone_and_while_the_table_is_active(source, target):
    steps = table_class.plan(source, target)
    if source.name in {"STANDARD", target.name}:
        assert steps == []
    elif target.table_status == "UPDATING":
        assert statuses(steps) == [Status.PENDING]
    else:
        assert steps == [Change("UpdateTable", {"TableClass": source.name})]


# On-demand maximum throughput

maximums = st.fixed_dictionaries(
    {}, optional={"MaxReadRequestUnits": st.integers(1, 3), "MaxWriteRequestUnits": st.integers(1, 3)}
)


@st.composite
def on_demand(draw):
    indexes = draw(index_statuses)
    limited = {name: draw(maximums) for name in ("", *indexes)}
    mode = draw(st.sampled_from(["PAY_PER_REQUEST", "PROVISIONED"]))
    return on_demand_throughput.OnDemandThroughput(
        mode, draw(st.sampled_from(["ACTIVE", "UPDATING"])), indexes, limited
    )


def limited_by(target, steps):
    """Return the maximums of a target after the planned calls, as AWS keeps them: what a call has replaces what was."""
    limited = dict(target.maximums)
    for change in changes(steps):
        assert change.operation == "UpdateTable"
        assert change.parameters
        if "OnDemandThroughput" in change.parameters:
            limited[""] = change.parameters["OnDemandThroughput"]
        for update in change.parameters.get("GlobalSecondaryIndexUpdates", []):
            limited[update["Update"]["IndexName"]] = update["Update"]["OnDemandThroughput"]
    return limited


@given(source=on_demand(), target=on_demand())
def test_maximums_of_the_source_win_and_those_of_the_target_stay(source, target):
    steps = on_demand_throughput.plan(source, target)
    # The table's maximum goes alone, those of all indexes go together.
    assert [sorted(change.parameters) for change in changes(steps)] in (
        [],
        [["OnDemandThroughput"]],
        [["GlobalSecondaryIndexUpdates"]],
        [["OnDemandThroughput"], ["GlobalSecondaryIndexUpdates"]],
    )
    differing = {
        name
        for name, maximum in source.maximums.items()
        if {**target.maximums.get(name, {}), **maximum} != target.maximums.get(name, {})
    }
    if not differing:
        assert steps == []
    elif target.billing_mode == "PROVISIONED":
        assert statuses(steps) == [Status.SKIPPED]
    elif target.table_status == "UPDATING":
        assert statuses(steps) == [Status.PENDING]
        assert changes(steps) == []
    else:
        limited = limited_by(target, steps)
        for name in target.maximums:
            wanted = {**target.maximums[name], **source.maximums.get(name, {})}
            ready = target.indexes.get(name, "ACTIVE") == "ACTIVE"
            assert limited[name] == (wanted if ready else target.maximums[name])
        absent = {name for name in differing if name and name not in target.indexes}
        assert statuses(steps).count(Status.UNCHANGED) == len(absent)


# Contributor Insights


@st.composite
def insights(draw):
    indexes = draw(index_statuses)
    modes = st.sampled_from([None, "THROTTLED_KEYS", "ACCESSED_AND_THROTTLED_KEYS"])
    states = st.sampled_from(["ENABLED", "ENABLING", "DISABLED", "DISABLING", "FAILED"])
    some = draw(
        st.dictionaries(st.sampled_from(["", *indexes]), st.builds(contributor_insights.Insight, states, modes))
    )
    return contributor_insights.ContributorInsights(indexes, some)


@given(source=insights(), target=insights())
def test_insights_of_the_source_become_live_with_their_mode(source, target):
    steps = contributor_insights.plan(source, target)
    reached = dict(target.insights)
    for change in changes(steps):
        name = change.parameters.get("IndexName", "")
        assert change.parameters["ContributorInsightsAction"] == "ENABLE"
        assert source.insights[name].live
        assert target.indexes.get(name, "ACTIVE") == "ACTIVE"
        reached[name] = contributor_insights.Insight("ENABLED", change.parameters.get("ContributorInsightsMode"))
    again = contributor_insights.plan(source, contributor_insights.ContributorInsights(target.indexes, reached))
    assert changes(again) == []
    live = {name for name, insight in source.insights.items() if insight.live}
    assert statuses(steps).count(Status.UNCHANGED) == len(live - {"", *target.indexes})


@pytest.mark.parametrize(
    ("status", "copied"),
    [("ENABLED", True), ("ENABLING", True), ("DISABLING", False), ("DISABLED", False), ("FAILED", False)],
)
def test_insights_that_are_on_or_about_to_be_are_copied(status, copied):
    source = contributor_insights.ContributorInsights({}, {"": contributor_insights.Insight(status, "THROTTLED_KEYS")})
    assert bool(source) is copied
    assert len(contributor_insights.plan(source, contributor_insights.ContributorInsights({}, {}))) == copied


def test_insights_that_aws_gave_up_on_are_named():
    source = contributor_insights.ContributorInsights(
        {"by_day": "ACTIVE"}, {"by_day": contributor_insights.Insight("ENABLED", "THROTTLED_KEYS")}
    )
    failed = {"by_day": contributor_insights.Insight("FAILED", None)}
    (change,) = contributor_insights.plan(source, contributor_insights.ContributorInsights(source.indexes, failed))
    assert "index by_day are FAILED" in change.undone


# Resource policy


def document(resource=SOURCE, **more):
    statement = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "dynamodb:Query", **more}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Resource": resource}]}


def policies(of_table=None, of_stream=None, *, arn=SOURCE, stream=True, caller=""):
    return resource_policy.Policies(
        arn,
        arn + STREAM if stream else None,
        resource_policy.Policy(of_table, "revision-1") if of_table else resource_policy.Policy(),
        resource_policy.Policy(of_stream, "revision-2") if of_stream else resource_policy.Policy(),
        caller,
    )


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        (SOURCE, TARGET),
        (f"{SOURCE}/index/*", f"{TARGET}/index/*"),
        (f"{SOURCE}*", f"{TARGET}*"),
        (f"{SOURCE}{STREAM}", f"{TARGET}/stream/newer"),
        (f"{SOURCE}/stream/*", f"{TARGET}/stream/*"),
        ("arn:aws:dynamodb:*:*:table/orders", "arn:aws:dynamodb:*:*:table/copy"),
        (SOURCE.replace("arn:aws:", "arn:*:"), TARGET.replace("arn:aws:", "arn:*:")),
        (f"{SOURCE}-archive", f"{SOURCE}-archive"),
        (f"{SOURCE}.old/index/x", f"{SOURCE}.old/index/x"),
        (
            "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
            "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
        ),
        ("arn:aws:s3:::orders", "arn:aws:s3:::orders"),
        ("*", "*"),
    ],
)
def test_only_the_source_s_own_arns_are_rewritten_wherever_they_are(text, rewritten):
    source = policies(document([text], Condition={"ArnLike": {"aws:SourceArn": text}}))
    target = resource_policy.Policies(TARGET, f"{TARGET}/stream/newer")
    (change,) = resource_policy.plan(source, target)
    assert json.loads(change.parameters["Policy"]) == document(
        [rewritten], Condition={"ArnLike": {"aws:SourceArn": rewritten}}
    )


def test_a_policy_is_attached_only_where_there_is_none_or_still_the_one_that_was_read():
    source = policies(document())
    (first,) = resource_policy.plan(source, policies(arn=TARGET))
    assert first.parameters["ExpectedRevisionId"] == "NO_POLICY"
    (over,) = resource_policy.plan(source, policies(document(TARGET, Sid="other"), arn=TARGET))
    assert over.parameters["ExpectedRevisionId"] == "revision-1"
    assert resource_policy.plan(source, policies(document(TARGET), arn=TARGET)) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"Action": ["dynamodb:Query"]}, {"Action": "dynamodb:Query"}),
        ({"Principal": {"AWS": "444455556666"}}, {"Principal": {"AWS": "arn:aws:iam::444455556666:root"}}),
        (
            {"Principal": {"AWS": ["444455556666", "arn:aws:iam::444455556666:root"]}},
            {"Principal": {"AWS": "arn:aws:iam::444455556666:root"}},
        ),
        # Two ARNs that become one.
        ({"Resource": [SOURCE, TARGET]}, {"Resource": TARGET}),
    ],
)
def test_a_policy_is_compared_as_aws_keeps_it(sent, kept):
    target = policies(document(TARGET, **kept), arn=TARGET)
    assert resource_policy.plan(policies(document(**sent)), target) == []
    lone = document(**sent)
    lone["Statement"] = lone["Statement"][0]
    assert resource_policy.plan(policies(lone), target) == []


@pytest.mark.parametrize(
    "other", [{"Action": ["dynamodb:Query", "dynamodb:Scan"]}, {"Principal": {"AWS": "777788889999"}}, {"Sid": "x"}]
)
def test_a_policy_that_says_something_else_is_replaced(other):
    assert (
        len(changes(resource_policy.plan(policies(document()), policies(document(TARGET, **other), arn=TARGET)))) == 1
    )


def test_a_stream_s_policy_goes_to_the_target_s_stream_when_there_is_one():
    source = policies(of_stream=document(SOURCE + STREAM))
    (change,) = resource_policy.plan(source, policies(arn=TARGET))
    assert change.parameters["ResourceArn"] == TARGET + STREAM
    assert json.loads(change.parameters["Policy"]) == document(TARGET + STREAM)
    (waiting,) = resource_policy.plan(source, policies(arn=TARGET, stream=False))
    assert waiting.awaits
    assert (change.subject, waiting.subject) == ("policy of the stream", "policy of the stream")


@pytest.mark.parametrize(
    ("element", "value"),
    [
        *((name, 1) for name in ("Effect", "Action", "NotAction", "Resource", "NotResource")),
        ("Action", ["dynamodb:GetItem", 1]),
        *((name, value) for name in ("Principal", "NotPrincipal") for value in (1, {"AWS": [1]})),
        ("Condition", "text"),
        ("Condition", {"Bool": "text"}),
    ],
)
def test_a_statement_whose_element_is_of_another_type_is_no_policy(element, value):
    entry = {"ResourceArn": SOURCE, "Policy": json.dumps({"Statement": {element: value}}), "RevisionId": "1"}
    with pytest.raises(InvalidValueError, match="not the JSON of a policy"):
        resource_policy.parse({"ResourcePolicies": [entry]}, Table(SOURCE, {}))


def test_a_policy_that_would_lock_the_function_out_is_refused_and_the_other_attached():
    caller = "arn:aws:sts::123456789012:assumed-role/table-sync/table-sync"
    lock = document(Effect="Deny", Principal="*", Action="dynamodb:*", Sid="Locked")
    source = policies(lock, document(SOURCE + STREAM), caller=caller)
    steps = resource_policy.plan(source, policies(arn=TARGET))
    assert statuses(steps) == [Status.FAILED]
    assert "statement Locked" in steps[0].reason
    assert [change.parameters["ResourceArn"] for change in changes(steps)] == [TARGET + STREAM]


# Alarms


def alarm(name, table="orders", index=None, **more):
    dimensions = [{"Name": "TableName", "Value": table}]
    if index:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": index})
    return {"AlarmName": name, "Namespace": "AWS/DynamoDB", "Dimensions": dimensions, "Threshold": 0.0, **more}


def seen(table, *on_table, others=(), indexes=()):
    return alarms.Alarms(table, indexes, {one["AlarmName"]: one for one in on_table}, set(others))


def new_names(source, target):
    return [change.parameters["AlarmName"] for change in alarms.plan(source, target)]


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("orders", "copy"),
        ("orders-throttles", "copy-throttles"),
        ("prod/orders: reads of orders", "prod/copy: reads of copy"),
        ("reorders", "reorders-copy"),
        ("an alarm", "an alarm-copy"),
    ],
)
def test_the_table_s_name_in_an_alarm_s_is_replaced_or_else_the_target_s_is_added(name, renamed):
    assert new_names(seen("orders", alarm(name)), seen("copy")) == [renamed]


alarm_names = st.text(st.sampled_from("ab-orders copy"), min_size=1, max_size=255)


@given(
    names=st.lists(alarm_names, min_size=1, max_size=6, unique=True),
    others=st.sets(alarm_names, max_size=4),
    tables=st.lists(table_names | st.sampled_from(["orders", "copy", "aaa"]), min_size=2, max_size=2, unique=True),
)
def test_no_alarm_on_anything_else_is_overwritten_and_none_is_planned_twice(names, others, tables):
    of_source, of_target = tables
    source = seen(of_source, *(alarm(name, of_source) for name in names), others=others - set(names))
    before = seen(of_target, others=others | set(names))
    planned = alarms.plan(source, before)
    given_names = [change.parameters["AlarmName"] for change in planned]
    assert len(set(given_names)) == len(names)
    assert not set(given_names) & (others | set(names))
    assert max(map(len, given_names)) <= 255
    after = seen(of_target, *(change.parameters for change in planned), others=others | set(names))
    assert alarms.plan(source, after) == []


def test_a_name_that_is_taken_gets_a_digest_for_as_much_of_it_as_is_too_long():
    longest = f"orders-{'x' * 248}"
    of_another = f"copy-{'x' * 248}"
    for source, target, start in (
        (seen("orders", alarm(longest)), seen("orders", others=[longest]), longest),
        (seen("orders", alarm(longest)), seen("copy", others=[of_another]), of_another),
    ):
        (name,) = new_names(source, target)
        assert re.fullmatch(f"{start[:238]}-[0-9a-f]{{16}}", name)


def test_a_table_that_is_restored_under_its_own_name_keeps_its_alarms_names():
    before = seen("orders", alarm("free"), alarm("taken"))
    free, taken = new_names(before, seen("orders", others=["taken"]))
    assert free == "free"
    assert re.fullmatch("taken-[0-9a-f]{16}", taken)


def test_names_that_would_become_one_stay_apart():
    source = seen("orders", alarm("orders-copy"), alarm("copy-orders"))
    assert len(set(new_names(source, seen("copy")))) == 2


def test_metric_math_is_rewritten_and_the_order_of_dimensions_means_nothing():
    def math(table, *more):
        metric = alarm("", table, "by_day")
        dimensions = [*metric["Dimensions"], *more]
        metric = {"Namespace": "AWS/DynamoDB", "MetricName": "ThrottledRequests", "Dimensions": dimensions}
        return {"Metrics": [{"Id": "a", "MetricStat": {"Metric": metric}}, {"Id": "b", "Expression": "a / 60"}]}

    source = seen("orders", {"AlarmName": "math", **math("orders")})
    (change,) = alarms.plan(source, seen("copy", indexes=["by_day"]))
    assert change.parameters == {"AlarmName": "math-copy", **math("copy")}
    turned = json.loads(json.dumps(change.parameters))
    turned["Metrics"][0]["MetricStat"]["Metric"]["Dimensions"].reverse()
    assert alarms.plan(source, seen("copy", turned, indexes=["by_day"])) == []


def test_an_alarm_on_an_index_that_the_target_lacks_is_left_out():
    source = seen("orders", alarm("on the index", index="by_day"), alarm("on the table"))
    steps = alarms.plan(source, seen("copy"))
    assert [change.parameters["AlarmName"] for change in changes(steps)] == ["on the table-copy"]
    assert statuses(steps) == [Status.UNCHANGED]
    assert "by_day" in steps[0].reason


def on_stream(table, label):
    dimensions = [*alarm("", table)["Dimensions"], {"Name": "StreamLabel", "Value": label}]
    return {**alarm("readers are behind"), "Dimensions": dimensions}


def test_an_alarm_on_the_stream_is_set_on_the_target_s_and_waits_for_it():
    source = replace(seen("orders", on_stream("orders", "2026"), alarm("on the table")), stream_label="2026")
    of_table, waiting = alarms.plan(source, seen("copy"))
    assert waiting.awaits == "the target has no stream for alarm readers are behind"
    assert (of_table.parameters["AlarmName"], of_table.awaits) == ("on the table-copy", "")
    _, made = alarms.plan(source, replace(seen("copy"), stream_label="2027"))
    assert made == Change("PutMetricAlarm", {**on_stream("copy", "2027"), "AlarmName": "readers are behind-copy"})


def test_an_alarm_that_differs_is_put_anew():
    source = seen("orders", alarm("orders", Period=60))
    assert alarms.plan(source, seen("copy", alarm("copy", "copy", Period=30))) == [
        Change("PutMetricAlarm", alarm("copy", "copy", Period=60))
    ]


def test_an_alarm_on_other_dimensions_is_put_anew_and_one_on_the_same_in_another_order_is_not():
    def on(table, *operations):
        more = [{"Name": "Operation", "Value": operation} for operation in operations]
        return alarm(table, table) | {"Dimensions": [*more, *alarm(table, table)["Dimensions"]]}

    source = seen("orders", on("orders", "Query"))
    assert new_names(source, seen("copy", on("copy", "Scan"))) == ["copy"]
    same = on("copy", "Query")
    assert new_names(source, seen("copy", same | {"Dimensions": same["Dimensions"][::-1]})) == []


def test_an_alarm_of_another_name_with_the_same_effect_is_enough():
    source = seen("orders", alarm("orders", Period=60, AlarmDescription="reads"))
    same = alarm("by hand", "copy", Period=60, AlarmDescription="page the on-call")
    assert alarms.plan(source, seen("copy", same)) == []
    assert new_names(source, seen("copy", {**same, "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:a"]})) == [
        "copy"
    ]


def test_alarms_with_the_same_effect_are_all_copied():
    source = seen("orders", alarm("orders"), alarm("more of orders"))
    assert new_names(source, seen("copy", alarm("copy", "copy"))) == ["more of copy"]


def on(metric, name="an alarm", table="orders", *more):
    """Return an alarm on a metric of the table, with further dimensions."""
    dimensions = [{"Name": "TableName", "Value": table}, *({"Name": key, "Value": value} for key, value in more)]
    return {**alarm(name, table), "MetricName": metric, "Dimensions": dimensions}


ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}
# DynamoDB developer guide, DynamoDB Metrics and dimensions.
OF_PROVISIONED = [
    "ProvisionedReadCapacityUnits",
    "ProvisionedWriteCapacityUnits",
    "ReadProvisionedThroughputThrottleEvents",
    "WriteProvisionedThroughputThrottleEvents",
]
OF_MAXIMUM = [
    "OnDemandMaxReadRequestUnits",
    "OnDemandMaxWriteRequestUnits",
    "ReadMaxOnDemandThroughputThrottleEvents",
    "WriteMaxOnDemandThroughputThrottleEvents",
]


@pytest.mark.parametrize(
    ("metric", "more", "of_target", "reason"),
    [
        ("ReplicationLatency", [], {}, "the target has no replicas"),
        ("PendingReplicationCount", [], {}, "the target has no replicas"),
        ("ReplicationLatency", [("ReceivingRegion", "eu-west-2")], {}, "the target has no replicas"),
        ("SystemErrors", [("ReceivingRegion", "eu-west-2")], {}, "the target has no replicas"),
        ("PendingReplicationCount", [("ReceivingRegion", "eu-west-2")], {}, "the target has no replicas"),
        *((metric, [], ON_DEMAND, "the target's billing mode is PAY_PER_REQUEST") for metric in OF_PROVISIONED),
        *((metric, [], {}, "the target's billing mode is PROVISIONED") for metric in OF_MAXIMUM),
        *((metric, [], ON_DEMAND, "the target has no on-demand maximum") for metric in OF_MAXIMUM),
        (
            "ReturnedRecordsCount",
            [("StreamLabel", "2020")],
            {"stream_label": "2027"},
            "stream 2020 of the source is gone",
        ),
    ],
)
def test_an_alarm_on_a_metric_that_the_target_never_has_is_left_out(metric, more, of_target, reason):
    source = replace(seen("orders", on(metric, "an alarm", "orders", *more)), stream_label="2026")
    (obstacle,) = alarms.plan(source, replace(seen("copy"), **of_target))
    assert obstacle == Obstacle(Status.UNCHANGED, f"{reason}: alarm an alarm is left out")


@pytest.mark.parametrize(
    ("metric", "more", "of_target"),
    [
        ("ReplicationLatency", [("ReceivingRegion", "eu-west-2")], {"replicated": True}),
        ("ProvisionedReadCapacityUnits", [], {}),
        ("OnDemandMaxReadRequestUnits", [], ON_DEMAND | {"limited": True}),
        ("TimeToLiveDeletedItemCount", [], {}),
        ("ConsumedReadCapacityUnits", [], ON_DEMAND),
    ],
)
def test_an_alarm_on_a_metric_that_the_target_can_have_is_copied(metric, more, of_target):
    source = seen("orders", on(metric, "an alarm", "orders", *more))
    (change,) = alarms.plan(source, replace(seen("copy"), **of_target))
    assert change.parameters["MetricName"] == metric


def test_an_alarm_on_the_maximum_that_the_target_is_going_to_get_is_copied():
    source = replace(seen("orders", on("OnDemandMaxReadRequestUnits")), limited=True)
    assert len(changes(alarms.plan(source, replace(seen("copy"), **ON_DEMAND)))) == 1


def test_an_alarm_on_kinesis_metrics_depends_on_the_destination():
    (change,) = alarms.plan(seen("orders", on("ThrottledPutRecordCount")), seen("copy"))
    assert change.depends_on == "kinesis"


def test_an_alarm_by_metric_math_of_which_one_metric_is_the_stream_s_waits_for_the_stream():
    of_stream = on("ReturnedRecordsCount", "readers", "orders", ("StreamLabel", "2026"))
    watched = math("late or failing", "m0 + m1", of_stream, on("SystemErrors"))
    (waiting,) = alarms.plan(replace(seen("orders", watched), stream_label="2026"), seen("copy"))
    assert waiting.awaits == "the target has no stream for alarm late or failing"


def math(name, expression, *metrics, **more):
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {key: one[key] for key in ("Namespace", "MetricName", "Dimensions")},
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for number, one in enumerate(metrics)
    ]
    return {"AlarmName": name, "Metrics": [{"Id": "e", "Expression": expression}, *queries], **more}


@pytest.mark.parametrize(("expression", "copied"), [("m0 / m1", 0), ("m0 + FILL(m1, 0)", 1)])
def test_math_is_left_out_unless_it_fills_what_is_never_there(expression, copied):
    used, had = on("ConsumedReadCapacityUnits"), on("ProvisionedReadCapacityUnits")
    steps = alarms.plan(seen("orders", math("share", expression, used, had)), replace(seen("copy"), **ON_DEMAND))
    assert len(changes(steps)) == copied


def of_region(table, *described):
    """Return what read() returns where the Region has these alarms."""
    listed = {one["AlarmName"]: one for one in described}
    arn = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}"
    return read(alarms, Table(arn, {"TableStatus": "ACTIVE"}, {("eu-west-1", "alarms"): listed}))


LIMIT, NO_LIMIT = {"MaxReadRequestUnits": 5}, {"MaxReadRequestUnits": -1}


@pytest.mark.parametrize(
    ("description", "limited", "replicated"),
    [
        ({}, False, False),
        ({"OnDemandThroughput": NO_LIMIT}, False, False),
        ({"OnDemandThroughput": LIMIT}, True, False),
        ({"GlobalSecondaryIndexes": [{"IndexName": "by_day", "OnDemandThroughput": LIMIT}]}, True, False),
        ({"Replicas": [{"RegionName": "eu-west-2"}]}, False, True),
    ],
)
def test_what_metrics_a_table_has_is_told_by_its_description(description, limited, replicated):
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    found = alarms.parse(None, Table(arn, {"TableStatus": "ACTIVE"} | description))
    assert (found.limited, found.replicated) == (limited, replicated)


def value_of(shape):
    """Return a value of a shape of botocore's."""
    if shape.type_name == "structure":
        return {name: value_of(member) for name, member in shape.members.items()}
    return {"string": "text", "boolean": True, "integer": 1, "double": 1.0, "list": ["text"]}[shape.type_name]


def test_all_is_read_of_an_alarm_that_can_be_written():
    model = botocore.session.get_session().get_service_model("cloudwatch")
    described, written = model.shape_for("MetricAlarm"), model.operation_model("PutMetricAlarm").input_shape
    # The first is about the alarm's tags, the others are instead of a metric.
    others = {"ActionConfiguration", "EvaluationCriteria", "Metrics"}
    fields = (described.members.keys() & written.members.keys()) - others
    told = {field: value_of(described.members[field]) for field in fields} | alarm("an alarm", StateValue="ALARM")
    assert of_region("orders", told).on_table["an alarm"].keys() == fields


def test_alarms_on_another_account_s_table_are_none_of_ours():
    other = math("theirs", "m0", on("SystemErrors"))
    other["Metrics"][1]["AccountId"] = "444455556666"
    own = math("ours", "m0", on("SystemErrors"))
    own["Metrics"][1]["AccountId"] = "123456789012"
    found = of_region("orders", other, own)
    assert found.on_table.keys() == {"ours"}
    assert found.others == {"theirs"}


def test_what_an_alarm_asks_of_another_account_stays():
    both = math("both", "m0 + m1", on("SystemErrors"), on("SystemErrors"))
    both["Metrics"][2]["AccountId"] = "444455556666"
    source = of_region("orders", both)
    (change,) = alarms.plan(source, seen("copy"))
    _, own, other = change.parameters["Metrics"]
    assert own["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "TableName", "Value": "copy"}]
    assert other == both["Metrics"][2]


QUERY = """SELECT AVG(ReadThrottleEvents) FROM SCHEMA("AWS/DynamoDB", TableName) WHERE TableName = '{}'"""


@pytest.mark.parametrize(
    ("query", "ours"),
    [
        (QUERY.format("orders"), True),
        (
            QUERY.format("orders")
            .replace("SCHEMA(", "")
            .replace(", TableName)", "")
            .replace("TableName =", '"TableName"='),
            True,
        ),
        (QUERY.format("orders") + " AND AWS.AccountId = '123456789012'", True),
        (QUERY.format("orders") + " AND AWS.AccountId = '444455556666'", False),
        (QUERY.format("orders").replace(" = ", " != "), False),
        (QUERY.format("orders-2"), False),
        (QUERY.partition(" WHERE")[0], False),
        (QUERY.format("orders").replace("DynamoDB", "Other"), False),
    ],
)
def test_a_metrics_insights_query_is_copied_if_it_asks_for_the_table(query, ours):
    source = of_region("orders", {"AlarmName": "query", "Metrics": [{"Id": "q", "Expression": query}]})
    assert bool(source) == ours
    asked = [change.parameters["Metrics"][0]["Expression"] for change in alarms.plan(source, seen("copy"))]
    assert asked == ([query.replace("'orders'", "'copy'")] if ours else [])


def test_what_people_read_of_an_alarm_names_the_target():
    watched = math("math", "orders_reads / reorders + SUM([orders_reads, o])", on("SystemErrors"), on("SystemErrors"))
    for query, identifier in zip(watched["Metrics"], ("share_of_orders", "orders_reads", "reorders"), strict=True):
        query |= {"Id": identifier, "Label": "orders, of ${PROP('Dim.orders')} and reorders"}
    watched |= {
        "AlarmDescription": "orders: see the page of orders, not of reorders",
        "ThresholdMetricId": "share_of_orders",
    }
    (change,) = alarms.plan(seen("orders", watched), seen("Copy-1"))
    parameters = change.parameters
    assert parameters["AlarmDescription"] == "Copy-1: see the page of Copy-1, not of reorders"
    assert {query["Label"] for query in parameters["Metrics"]} == {"Copy-1, of ${PROP('Dim.orders')} and reorders"}
    assert [query["Id"] for query in parameters["Metrics"]] == ["share_of_Copy_1", "m_Copy_1_reads", "reorders"]
    assert parameters["Metrics"][0]["Expression"] == "m_Copy_1_reads / reorders + SUM([m_Copy_1_reads, o])"
    assert parameters["ThresholdMetricId"] == "share_of_Copy_1"
    assert alarms.plan(seen("orders", watched), seen("Copy-1", parameters)) == []


@pytest.mark.parametrize(("length", "has_digest"), [(253, False), (254, True), (300, True)])
def test_an_id_that_would_become_too_long_ends_in_a_digest(length, has_digest):
    watched = math("math", "e + 1", on("SystemErrors"))
    watched["Metrics"][1]["Id"] = f"{'x' * 200}_orders"
    name = "y" * (length - 201)
    (change,) = alarms.plan(seen("orders", watched), seen(name))
    _, identifier = (query["Id"] for query in change.parameters["Metrics"])
    whole = f"{'x' * 200}_{name}"
    assert re.fullmatch(f"{whole[:235]}_[0-9a-f]{{16}}" if has_digest else whole, identifier)


def test_ids_that_would_become_one_stay_apart_and_those_that_an_expression_searches_stay():
    watched = math("math", "m0", on("SystemErrors"), on("SystemErrors"))
    watched["Metrics"][1]["Id"], watched["Metrics"][2]["Id"] = "of_orders", "of_copy"
    (change,) = alarms.plan(seen("orders", watched), seen("copy"))
    _, renamed, kept = (query["Id"] for query in change.parameters["Metrics"])
    assert re.fullmatch("of_copy_[0-9a-f]{16}", renamed)
    assert re.fullmatch("of_copy(_[0-9a-f]{16})?", kept)
    assert renamed != kept
    watched["Metrics"][0]["Expression"] = "SUM(METRICS('orders'))"
    (change,) = alarms.plan(seen("orders", watched), seen("copy"))
    assert [query["Id"] for query in change.parameters["Metrics"]] == ["e", "of_orders", "of_copy"]


def test_a_description_that_would_be_too_long_is_cut():
    (change,) = alarms.plan(seen("orders", alarm("a", AlarmDescription="orders " * 146)), seen("c" * 200))
    assert len(change.parameters["AlarmDescription"]) == 1024


# Tags of scalable targets and of event source mappings

some_tags = st.dictionaries(st.sampled_from("abc"), st.text(max_size=2), max_size=3)


@given(source=some_tags, target=some_tags)
def test_tags_of_a_mapping_are_written_in_one_call_and_none_is_removed(source, target):
    arn = "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:1"
    steps = event_source_mapping_tags.plan({FUNCTION: Tagged("x", source)}, {FUNCTION: Tagged(arn, target)})
    reached = dict(target)
    for change in steps:
        assert change.parameters["Resource"] == arn
        reached |= change.parameters["Tags"]
    assert reached == target | source
    assert len(steps) <= 1
    assert event_source_mapping_tags.plan({FUNCTION: Tagged("x", source)}, {FUNCTION: Tagged(arn, reached)}) == []


def test_tags_wait_for_a_mapping_that_is_not_there_yet():
    (change,) = event_source_mapping_tags.plan({FUNCTION: Tagged("x", {"a": "b"})}, {})
    assert FUNCTION in change.awaits
    assert event_source_mapping_tags.plan({FUNCTION: Tagged("x", {})}, {}) == []


def test_tags_of_scalable_targets_go_by_index_and_dimension():
    reads, writes = (f"dynamodb:table:{kind}CapacityUnits" for kind in ("Read", "Write"))
    of_index = ("by_day", "dynamodb:index:ReadCapacityUnits")
    source = scalable_target_tags.ScalableTargets(
        ["by_day"],
        {("", reads): Tagged("1", {"a": "1"}), ("", writes): Tagged("2", {}), of_index: Tagged("3", {"b": "2"})},
    )
    target = scalable_target_tags.ScalableTargets([], {("", reads): Tagged("4", {})})
    change, left_out = scalable_target_tags.plan(source, target)
    assert change == Change("TagResource", {"ResourceARN": "4", "Tags": {"a": "1"}})
    assert left_out.status is Status.UNCHANGED
    assert "by_day" in left_out.reason
    assert "the tags of its dynamodb:index:ReadCapacityUnits are" in left_out.reason
    early = scalable_target_tags.plan(source, scalable_target_tags.ScalableTargets(["by_day"], {}))
    assert [bool(change.awaits) for change in early] == [True, True]


# Triggers that are created disabled


def test_disabled_triggers_differ_in_nothing_else():
    parameters = {"FunctionName": FUNCTION, "Enabled": True, "BatchSize": 7}
    source = {FUNCTION: triggers.EventSourceMapping("Enabled", parameters)}
    wanted = triggers.disabled(source)
    (change,) = triggers.plan(wanted, {})
    assert change.parameters == {**parameters, "Enabled": False}
    made = {FUNCTION: triggers.EventSourceMapping("Disabled", change.parameters)}
    assert triggers.plan(wanted, made) == []
    enabled_since = triggers.plan(wanted, source)
    assert changes(enabled_since) == []
    assert source[FUNCTION].parameters["Enabled"] is True


# Names


@given(name=st.text(max_size=400), longest=st.integers(17, 300))
def test_a_shortened_name_fits_and_comes_out_the_same(name, longest):
    short = rename.shortened(name, longest)
    assert len(short) <= longest
    assert short == rename.shortened(name, longest)
    assert (short == name) == (len(name) <= longest)


def test_two_long_names_stay_apart():
    assert rename.shortened("x" * 300 + "a", 255) != rename.shortened("x" * 300 + "b", 255)
    assert re.fullmatch("x{238}-[0-9a-f]{16}", rename.shortened("x" * 300, 255))
