"""CloudWatch alarms on metrics of the table, its global secondary indexes and its stream."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync import rename
from table_sync.settings.setting import Change, Need, Obstacle, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from table_sync.aws import Table

NAME = "alarms"
TOGGLE = "enable_alarm_settings"
DEFAULT = False
REGION_BOUND = True
READ_ACTIONS = ("cloudwatch:DescribeAlarms",)
WRITE_ACTIONS = ("cloudwatch:PutMetricAlarm",)
# Only alarms on the stream do; the others have to wait for nothing.
NEEDS = Need("stream", lambda _: True, of_part=True)

# What both MetricAlarm and PutMetricAlarm have (CloudWatch service model), less ActionConfiguration, which is about the
# alarm's tags.
_WRITABLE = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationInterval",
    "EvaluationPeriods",
    "EvaluationWindow",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
    "WarmUpConfiguration",
)
# CloudWatch service model, AlarmName.
_LONGEST_NAME = 255
_INDEX, _STREAM = "GlobalSecondaryIndexName", "StreamLabel"
# Application Auto Scaling makes and deletes these itself.
_OF_AUTO_SCALING = "TargetTracking-"


@dataclass(frozen=True)
class Alarms:
    """The alarms of a Region, as seen from a table."""

    table_name: str
    indexes: Collection[str]
    on_table: Mapping[str, Mapping[str, Any]]
    """PutMetricAlarm parameters by name, of the alarms on the table's metrics."""
    others: Collection[str]
    """Names of the others."""
    stream_label: str = ""
    """StreamLabel, a dimension of the metrics of GetRecords; "" without a stream."""

    def __bool__(self) -> bool:
        """Say whether any alarm is on the table."""
        return bool(self.on_table)


def read(table: Table) -> Alarms:
    """Return the metric alarms; only all of the Region can be described, and composite alarms are not among them."""
    pages = table.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = [_parameters(alarm) for page in pages for alarm in page["MetricAlarms"]]
    on_table = {
        alarm["AlarmName"]: alarm
        for alarm in alarms
        if not alarm["AlarmName"].startswith(_OF_AUTO_SCALING)
        and any(_dimensions(metric).get("TableName") == table.name for metric in _metrics(alarm))
    }
    others = {alarm["AlarmName"] for alarm in alarms} - on_table.keys()
    stream_label = (table.stream_arn or "").rpartition("/")[2]
    return Alarms(table.name, table.indexes.keys(), on_table, others, stream_label)


def _parameters(alarm: Mapping[str, Any]) -> dict[str, Any]:
    return {key: alarm[key] for key in _WRITABLE if alarm.get(key) not in (None, "", [], {})}


def _metrics(alarm: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the DynamoDB metrics that an alarm looks at, those that its metric math uses included."""
    in_math = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if query.get("MetricStat")]
    yield from (metric for metric in (alarm, *in_math) if metric.get("Namespace") == "AWS/DynamoDB")


def _dimensions(metric: Mapping[str, Any]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}


def plan(source: Alarms, target: Alarms) -> list[Change | Obstacle]:
    """Plan an alarm like each of the source's, under another name."""
    names = _names(source, target)
    return [step for name in sorted(source.on_table) for step in _steps(name, names[name], source, target)]


def _steps(name: str, new_name: str, source: Alarms, target: Alarms) -> Iterator[Change | Obstacle]:
    alarm = source.on_table[name]
    watched = [
        dimensions
        for dimensions in map(_dimensions, _metrics(alarm))
        if dimensions.get("TableName") == source.table_name
    ]
    indexes = {dimensions[_INDEX] for dimensions in watched if _INDEX in dimensions}
    absent = sorted(indexes.difference(target.indexes))
    if absent:
        reason = f"index {', '.join(absent)} is not on the target: alarm {name} is left out"
        yield Obstacle(Status.UNCHANGED, reason)
        return
    of_stream = {(_STREAM, source.stream_label): target.stream_label} if source.stream_label else {}
    values = {("TableName", source.table_name): target.table_name} | of_stream
    wanted = rename.dimensions({**alarm, "AlarmName": new_name}, values)
    if not target.stream_label and any(dimensions.get(_STREAM) == source.stream_label for dimensions in watched):
        yield Change("PutMetricAlarm", wanted, awaits=f"the target has no stream for alarm {name}")
    elif _comparable(target.on_table.get(new_name)) != _comparable(wanted):
        yield Change("PutMetricAlarm", wanted)


def _comparable(node: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Return JSON with dimensions as the sets that they are."""
    if isinstance(node, dict):
        return {key: _comparable(value) for key, value in node.items()}
    if not isinstance(node, list):
        return node
    if all(isinstance(item, dict) and item.keys() == {"Name", "Value"} for item in node):
        return {(item["Name"], item["Value"]) for item in node}
    return [_comparable(item) for item in node]


def _names(source: Alarms, target: Alarms) -> dict[str, str]:
    """Return the new name of each of the source's alarms: never one that an alarm on something else has."""
    if source.table_name == target.table_name:
        return {name: name for name in source.on_table}
    renamed = {name: _renamed(name, source.table_name, target.table_name) for name in source.on_table}
    taken = {
        *target.others,
        *source.on_table,
        *(name for name, count in Counter(renamed.values()).items() if count > 1),
    }
    return {
        name: rename.told_apart(new_name[: _LONGEST_NAME - 17], name) if new_name in taken else new_name
        for name, new_name in renamed.items()
    }


def _renamed(name: str, source: str, target: str) -> str:
    word = rf"(?<![A-Za-z0-9]){re.escape(source)}(?![A-Za-z0-9])"
    renamed = re.sub(word, lambda _: target, name)
    return rename.shortened(f"{name}-{target}" if renamed == name else renamed, _LONGEST_NAME)


def apply(change: Change, table: Table) -> str:
    """Put an alarm (an upsert)."""
    table.client("cloudwatch").put_metric_alarm(**change.parameters)
    return ""
