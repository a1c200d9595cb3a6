"""Alarms on the table and two indexes, one of which may be missing, by metric math too."""

import json

from hypothesis import strategies as st

from table_sync.settings.alarms import Alarms
from tests.settings import SOURCE, TARGET
from tests.support.tables import INDEXES, REGION, of_table

WRITE = ("cloudwatch:PutMetricAlarm", "AlarmName")


def give(aws, name, region=REGION):
    """Set alarms on the table, on an index, and by metric math on both; one on another table beside them."""
    client = aws.client("cloudwatch", region)
    topic = aws.client("sns", region).create_topic(Name="on-call")["TopicArn"]
    rule = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 3, "DatapointsToAlarm": 2}
    on_metric = {"Namespace": "AWS/DynamoDB", "Statistic": "Sum", "Period": 60, "AlarmActions": [topic], **rule}
    throttled = {"MetricName": "ReadThrottleEvents", "Threshold": 0.0, "TreatMissingData": "notBreaching"}
    client.put_metric_alarm(AlarmName=f"{name}-throttles"[-255:], Dimensions=of_table(name), **throttled, **on_metric)
    client.put_metric_alarm(AlarmName=f"unrelated-to-{name}"[-255:], Dimensions=of_table("?"), **throttled, **on_metric)
    client.put_metric_alarm(
        AlarmName="an index is throttled",
        Dimensions=[*of_table(name), {"Name": "GlobalSecondaryIndexName", "Value": INDEXES[1]}],
        ActionsEnabled=False,
        **throttled,
        **on_metric,
    )
    metrics = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": of_table(name)},
                "Period": 300,
                "Stat": "Sum",
            },
            "ReturnData": False,
        }
        for key, metric in (("used", "ConsumedReadCapacityUnits"), ("had", "ProvisionedReadCapacityUnits"))
    ]
    expression = {"Id": "share", "Expression": "used / had", "Label": "Share in use", "ReturnData": True}
    client.put_metric_alarm(
        AlarmName=f"nearly all of {name}"[-255:],
        Metrics=[expression, *metrics],
        Threshold=0.9,
        OKActions=[topic],
        **rule,
    )


def see(aws, table, region):
    """Return the alarms on a table's metrics, those of auto scaling aside; their names differ from table to table."""
    name = table["TableName"]
    identity = {"AlarmName", "AlarmArn", "AlarmConfigurationUpdatedTimestamp"}
    found = []
    for page in aws.client("cloudwatch", region).get_paginator("describe_alarms").paginate():
        for alarm in page["MetricAlarms"]:
            plain = {key: value for key, value in alarm.items() if key not in identity and not key.startswith("State")}
            text = json.dumps(plain, sort_keys=True, default=str)
            dimension = json.dumps(of_table(name)[0], sort_keys=True)
            if dimension in text and not alarm["AlarmName"].startswith("TargetTracking-"):
                found.append(text.replace(dimension, "*"))
    return sorted(found)


RESTORED = Alarms(TARGET, INDEXES, {}, {"of another table"})


@st.composite
def values(draw, table):
    indexes = draw(st.sampled_from([INDEXES, INDEXES, INDEXES[:1]]))
    alarms = draw(st.lists(_alarms(table, indexes), max_size=5, unique_by=lambda alarm: alarm["AlarmName"]))
    return Alarms(table, indexes, {alarm["AlarmName"]: alarm for alarm in alarms}, {"of another table"})


@st.composite
def _alarms(draw, table, indexes):
    number = draw(st.integers(1, 6))
    # Names as they would be if the alarms of the other table had come from the source.
    name = f"alarm {number}" if table == SOURCE else f"alarm {number}-{table}"
    if number % 2:
        name = f"{table}-{number}"
    dimensions = [{"Name": "TableName", "Value": table}]
    if draw(st.booleans()):
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": draw(st.sampled_from(indexes))})
    metric = {"Namespace": "AWS/DynamoDB", "MetricName": "ThrottledRequests", "Dimensions": dimensions}
    watched = metric if draw(st.booleans()) else {"Metrics": [{"Id": "a", "MetricStat": {"Metric": metric}}]}
    # Alarms with different names never have the same effect, which one of them would have been enough for.
    return {"AlarmName": name, "Threshold": float(10 * number + draw(st.integers(0, 2))), **watched}


def content(alarms):
    table = alarms.table_name
    return {
        name.replace(table, "*").removesuffix("-*"): json.dumps({**alarm, "AlarmName": ""}, sort_keys=True).replace(
            f'"{table}"', '"*"'
        )
        for name, alarm in alarms.on_table.items()
    }


def written(alarms, change):
    name = change.parameters["AlarmName"]
    assert name not in alarms.others, "it is on something else"
    return Alarms(alarms.table_name, alarms.indexes, {**alarms.on_table, name: change.parameters}, alarms.others)


def _one_alarm(table, **fields):
    alarm = {
        "AlarmName": f"{table}-errors",
        "Namespace": "AWS/DynamoDB",
        "MetricName": "SystemErrors",
        "Dimensions": [{"Name": "TableName", "Value": table}],
        "Threshold": 5.0,
    }
    return Alarms(table, (), {alarm["AlarmName"]: alarm | fields}, (), account="123456789012")


DIFFERENCES = [
    (
        _one_alarm("orders", Period=60),
        _one_alarm("copy", Period=300, Threshold=9.0, Unit="Count"),
        ["alarm copy-errors: Threshold: 5.0 -> 9.0; Period: 60 -> 300; Unit: (none) -> Count"],
    )
]
