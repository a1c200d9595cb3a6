"""plan() and read() of CloudWatch alarms."""

import json
import re
from dataclasses import replace

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import Table
from table_sync.settings import alarms, read
from table_sync.settings.setting import Change, Obstacle, Status
from tests.support.setting_tests import TABLE, changes, described, statuses, table_names


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
    assert (waiting.operation, waiting.subject) == ("PutMetricAlarm", "alarm readers are behind-copy")
    assert waiting.awaits == "the target has no stream for alarm readers are behind"
    assert (of_table.parameters["AlarmName"], of_table.awaits) == ("on the table-copy", "")
    _, made = alarms.plan(source, replace(seen("copy"), stream_label="2027"))
    assert made == Change("PutMetricAlarm", {**on_stream("copy", "2027"), "AlarmName": "readers are behind-copy"})


def test_an_alarm_that_differs_is_put_anew():
    source = seen("orders", alarm("orders", Period=60))
    assert alarms.plan(source, seen("copy", alarm("copy", "copy", Period=30))) == [
        Change("PutMetricAlarm", alarm("copy", "copy", Period=60))
    ]


def test_an_alarm_with_other_actions_is_put_anew():
    source, target = (
        seen(table, alarm(table, table, AlarmActions=[action]))
        for table, action in (("orders", "page"), ("copy", "mail"))
    )
    (change,) = alarms.plan(source, target)
    assert change.parameters["AlarmActions"] == ["page"]


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


def test_the_order_of_fields_makes_no_other_effect():
    share = math("share", "m0 * 2", on("SystemErrors", table="copy"))
    same = share | {"Metrics": [dict(reversed(query.items())) for query in share["Metrics"]], "AlarmName": "by hand"}
    assert alarms.plan(seen("orders", math("share", "m0 * 2", on("SystemErrors"))), seen("copy", same)) == []


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


# DynamoDB developer guide, DynamoDB Metrics and dimensions.
OF_KINESIS = [
    "AgeOfOldestUnreplicatedRecord",
    "ConsumedChangeDataCaptureUnits",
    "FailedToReplicateRecordCount",
    "ThrottledPutRecordCount",
]


@pytest.mark.parametrize("metric", OF_KINESIS)
def test_an_alarm_on_kinesis_metrics_depends_on_the_destination(metric):
    query = QUERY.format("orders").replace("ReadThrottleEvents", metric)
    asked = {"AlarmName": "query", "Metrics": [{"Id": "q", "Expression": query}]}
    sum_of_both = math("either", "m0 + m1", on("SystemErrors"), on(metric))
    planned = alarms.plan(seen("orders", on(metric), asked, sum_of_both), seen("copy"))
    assert [change.depends_on for change in planned] == ["kinesis"] * 3


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


LIMIT, NO_LIMIT = {"MaxReadRequestUnits": 1}, {"MaxReadRequestUnits": -1}


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
    found = alarms.parse(None, described(**description))
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


def test_what_an_alarm_asks_of_another_account_first_does_not_hide_what_it_asks_of_ours():
    both = math("both", "m0 + m1", on("UserErrors"), on("SystemErrors"))
    both["Metrics"][1]["AccountId"] = "444455556666"
    assert of_region("orders", both).on_table.keys() == {"both"}


def test_of_a_record_only_alarms_on_the_table_are_used_that_auto_scaling_has_not_made():
    recorded = [alarm("orders"), alarm("others", "customers"), alarm("TargetTracking-table/orders-AlarmLow")]
    found = alarms.parse({"MetricAlarms": recorded}, Table(TABLE, {"TableStatus": "DELETED"}))
    assert found.on_table.keys() == {"orders"}


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
