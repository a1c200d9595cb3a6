"""Alarms on the table and two indexes, one of which may be missing, by metric math too."""

import json

from hypothesis import strategies as st

from table_sync.settings.alarms import Alarms
from tests.proof.setting_models import SOURCE, TARGET

INDEXES = ("by-customer", "by_day")
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
