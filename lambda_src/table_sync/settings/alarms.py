"""CloudWatch alarms on metrics of the table, its global secondary indexes and its stream."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from table_sync import errors, rename
from table_sync.settings.api_shape import checked, items
from table_sync.settings.setting import Change, Need, Obstacle, Status, no_index, other_billing_mode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

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
# alarm's tags, and EvaluationCriteria, which is instead of metrics: an alarm on a PromQL query names no table.
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
# CloudWatch service model, AlarmName, AlarmDescription, MetricDataQuery.Id.
_LONGEST_NAME = 255
_LONGEST_DESCRIPTION = 1024
_LONGEST_ID = 255
# API reference, DescribeAlarms, MaxRecords.
_MOST_ALARMS_A_PAGE = 100
_INDEX, _STREAM = "GlobalSecondaryIndexName", "StreamLabel"
# What Table.once_in_region() has the names of the alarms on each table under.
_BY_TABLE = "alarms by table"
# Application Auto Scaling makes and deletes these itself.
_OF_AUTO_SCALING = "TargetTracking-"

# What DynamoDB sends for some tables only (developer guide, DynamoDB Metrics and dimensions).
_OF_REPLICAS = {"PendingReplicationCount", "ReplicationLatency"}
_OF_PROVISIONED = {
    "ProvisionedReadCapacityUnits",
    "ProvisionedWriteCapacityUnits",
    "ReadProvisionedThroughputThrottleEvents",
    "WriteProvisionedThroughputThrottleEvents",
}
_OF_MAXIMUM = {
    "OnDemandMaxReadRequestUnits",
    "OnDemandMaxWriteRequestUnits",
    "ReadMaxOnDemandThroughputThrottleEvents",
    "WriteMaxOnDemandThroughputThrottleEvents",
}
_OF_KINESIS = {
    "AgeOfOldestUnreplicatedRecord",
    "ConsumedChangeDataCaptureUnits",
    "FailedToReplicateRecordCount",
    "ThrottledPutRecordCount",
}

# Metrics Insights (CloudWatch user guide, Query components and syntax): conditions are joined by AND alone.
_QUERY = re.compile(
    r"""\s*SELECT\s+\w+\(\s*"?(?P<metric>\w+)"?\s*\)\s+FROM\s+(?:SCHEMA\(\s*)?"AWS/DynamoDB\"""", re.IGNORECASE
)
_CONDITION = re.compile(r"""(?P<name>\b[A-Za-z][\w.]*)(?P<equals>"?\s*=\s*)'(?P<value>[^']*)'""")
_ACCOUNT = "AWS.AccountId"
# What in an expression stands for another query: neither within quotes, nor a part of another word.
_WORD_OR_TEXT = re.compile(r"""'[^']*'|"[^"]*"|\w+""")


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
    account: str = ""
    billing_mode: str = "PROVISIONED"
    replicated: bool = False
    """Whether it is a replica of a global table."""
    limited: bool = False
    """Whether the table or an index has an on-demand maximum."""

    def __bool__(self) -> bool:
        """Say whether any alarm is on the table."""
        return bool(self.on_table)


def fetch(table: Table) -> dict[str, Any] | None:
    """Return MetricAlarms on the table.

    Only all of the Region can be described, and composite alarms are not among them.
    """
    alarms = _of_region(table)
    on_table = table.once_in_region(_BY_TABLE, lambda: _by_table(alarms, table.account))
    found = [alarms[name] for name in sorted(on_table.get(table.name, ()))]
    return {"MetricAlarms": found} if found else None


def _by_table(alarms: Mapping[str, Mapping[str, Any]], account: str) -> dict[str, set[str]]:
    """Return the names of the alarms on each table, by the table's name."""
    found: dict[str, set[str]] = {}
    for name, alarm in alarms.items():
        for table_name in _tables(alarm, account):
            found.setdefault(table_name, set()).add(name)
    return found


def _is_on(table: Table, alarm: Mapping[str, Any]) -> bool:
    """Say whether an alarm is on a metric of the table, and not one that Application Auto Scaling has made."""
    return not alarm["AlarmName"].startswith(_OF_AUTO_SCALING) and table.name in _tables(alarm, table.account)


def _tables(alarm: Mapping[str, Any], account: str) -> set[str]:
    """Return the names of the tables on whose metrics an alarm is."""
    names = {_dimensions(metric).get("TableName") for metric in _metrics(alarm, account)}
    return {name for name in names if name}


def parse(value: dict[str, Any] | None, table: Table) -> Alarms:
    """Return the alarms of MetricAlarms that are on the table."""
    alarms = [
        _parameters(checked(alarm, "cloudwatch", "MetricAlarm", "AlarmName"))
        for alarm in items(value or {}, "MetricAlarms")
    ]
    on_table = {alarm["AlarmName"]: alarm for alarm in alarms if _is_on(table, alarm)}
    parts = (table.description, *table.description.get("GlobalSecondaryIndexes", []))
    maximums = [maximum for part in parts for maximum in part.get("OnDemandThroughput", {}).values()]
    return Alarms(
        table.name,
        table.indexes.keys(),
        on_table,
        (),
        stream_label=(table.stream_arn or "").rpartition("/")[2],
        account=table.account,
        billing_mode=table.billing_mode,
        replicated=bool(table.description.get("Replicas")),
        limited=any(maximum > 0 for maximum in maximums),
    )


def with_others(alarms: Alarms, table: Table, _: str) -> Alarms:
    """Return the alarms with the names of the Region's others, unless the table is deleted: they are not its own."""
    return alarms if table.deleted else replace(alarms, others=_of_region(table).keys() - alarms.on_table.keys())


def _of_region(table: Table) -> dict[str, dict[str, Any]]:
    """Return the alarms of the Region by name; of those that Application Auto Scaling has made, the names alone."""
    return table.once_in_region(NAME, lambda: _described(table))


def _described(table: Table) -> dict[str, dict[str, Any]]:
    paginator = table.client("cloudwatch").get_paginator("describe_alarms")
    pages = paginator.paginate(PaginationConfig={"PageSize": _MOST_ALARMS_A_PAGE})
    return {
        name: {} if name.startswith(_OF_AUTO_SCALING) else _parameters(alarm)
        for page in pages
        for alarm in page["MetricAlarms"]
        for name in (alarm["AlarmName"],)
    }


def _parameters(alarm: Mapping[str, Any]) -> dict[str, Any]:
    return {key: alarm[key] for key in _WRITABLE if alarm.get(key) not in (None, "", [], {})}


def _metrics(alarm: Mapping[str, Any], account: str) -> Iterator[Mapping[str, Any]]:
    """Yield the account's DynamoDB metrics that an alarm looks at, those that its queries use included."""
    found = [alarm]
    for query in alarm.get("Metrics", []):
        if not _is_of(query, account):
            continue
        if query.get("MetricStat"):
            found.append(query["MetricStat"]["Metric"])
        elif asked := _QUERY.match(query.get("Expression", "")):
            conditions = _conditions(query)
            dimensions = [{"Name": name, "Value": value} for name, value in conditions.items() if name != _ACCOUNT]
            found.append({"Namespace": "AWS/DynamoDB", "MetricName": asked["metric"], "Dimensions": dimensions})
    yield from (metric for metric in found if metric.get("Namespace") == "AWS/DynamoDB")


def _is_of(query: Mapping[str, Any], account: str) -> bool:
    """Say whether a query is about metrics of the account, not of another whose metrics are shared with it."""
    return {query.get("AccountId"), _conditions(query).get(_ACCOUNT)} <= {None, account}


def _conditions(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what a Metrics Insights query asks of a metric: values by the name of the dimension."""
    expression = query.get("Expression", "")
    return {found["name"]: found["value"] for found in _CONDITION.finditer(expression) if _QUERY.match(expression)}


def _dimensions(metric: Mapping[str, Any]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}


def plan(source: Alarms, target: Alarms) -> list[Change | Obstacle]:
    """Plan an alarm like each of the source's, under another name, unless one with the same effect is there."""
    names = _names(source, target)
    copies = set(names.values())
    there = {_effect(alarm) for name, alarm in target.on_table.items() if name not in copies}
    return [step for name in sorted(source.on_table) for step in _steps(name, names[name], source, target, there)]


def _effect(alarm: Mapping[str, Any]) -> str:
    effect = {key: value for key, value in alarm.items() if key not in {"AlarmName", "AlarmDescription"}}
    return json.dumps(rename.with_sorted_dimensions(effect), sort_keys=True, default=str)


def _steps(
    name: str, new_name: str, source: Alarms, target: Alarms, there: Collection[str]
) -> Iterator[Change | Obstacle]:
    alarm = source.on_table[name]
    watched = [
        metric
        for metric in _metrics(alarm, source.account)
        if _dimensions(metric).get("TableName") == source.table_name
    ]
    missing = [reason for metric in watched if (reason := _never(metric, source, target))]
    # Of several metrics, those that are never there can have a value all the same (metric math, FILL).
    if missing and (len(missing) == len(watched) or not _fills(alarm)):
        yield Obstacle(Status.UNCHANGED, f"{missing[0]}: alarm {name} is left out")
        return
    wanted = _for_target({**alarm, "AlarmName": new_name}, source, target)
    depends_on, part = "", ""
    if any(metric.get("MetricName") in _OF_KINESIS for metric in watched):
        depends_on, part = "kinesis", f"alarm {name}"
    if not target.stream_label and any(_STREAM in _dimensions(metric) for metric in watched):
        awaits = f"the target has no stream for alarm {name}"
        yield Change(
            "PutMetricAlarm", wanted, part=part, awaits=awaits, depends_on=depends_on, subject=f"alarm {new_name}"
        )
    elif _comparable(target.on_table.get(new_name)) != _comparable(wanted) and _effect(wanted) not in there:
        present = target.on_table.get(new_name)
        subject = f"alarm {new_name}"
        yield Change("PutMetricAlarm", wanted, part=part, depends_on=depends_on, subject=subject, present=present)


def _never(metric: Mapping[str, Any], source: Alarms, target: Alarms) -> str:
    """Say why the target can never have the metric, "" if it can."""
    name, dimensions = metric.get("MetricName"), _dimensions(metric)
    if _INDEX in dimensions and dimensions[_INDEX] not in target.indexes:
        return no_index(dimensions[_INDEX])
    if (name in _OF_REPLICAS or "ReceivingRegion" in dimensions) and not target.replicated:
        return "the target has no replicas"
    on_demand = target.billing_mode != "PROVISIONED"
    if (name in _OF_PROVISIONED and on_demand) or (name in _OF_MAXIMUM and not on_demand):
        return other_billing_mode(target.billing_mode)
    if name in _OF_MAXIMUM and not source.limited and not target.limited:
        return "the target has no on-demand maximum"
    if _STREAM in dimensions and dimensions[_STREAM] != source.stream_label:
        return f"stream {dimensions[_STREAM]} of the source is gone"
    return ""


def _fills(alarm: Mapping[str, Any]) -> bool:
    return any("FILL(" in query.get("Expression", "").upper() for query in alarm.get("Metrics", []))


def _for_target(alarm: Mapping[str, Any], source: Alarms, target: Alarms) -> dict[str, Any]:
    """Return the alarm on the target, and with its name wherever people read the source's."""
    wanted = dict(alarm)
    of_stream = {(_STREAM, source.stream_label): target.stream_label} if source.stream_label else {}
    values = {("TableName", source.table_name): target.table_name} | of_stream
    if "Dimensions" in wanted:
        wanted["Dimensions"] = rename.dimensions(wanted["Dimensions"], values)
    if "AlarmDescription" in wanted:
        description = rename.words(wanted["AlarmDescription"], source.table_name, target.table_name)
        wanted["AlarmDescription"] = description[:_LONGEST_DESCRIPTION]
    if "Metrics" in wanted:
        ids = _ids(wanted["Metrics"], source.table_name, target.table_name)
        wanted["Metrics"] = [_query(query, ids, values, source, target) for query in wanted["Metrics"]]
        if "ThresholdMetricId" in wanted:
            wanted["ThresholdMetricId"] = ids[wanted["ThresholdMetricId"]]
    return wanted


def _query(
    query: Mapping[str, Any],
    ids: Mapping[str, str],
    values: Mapping[tuple[str, str], str],
    source: Alarms,
    target: Alarms,
) -> dict[str, Any]:
    """Return a query of an alarm (MetricDataQuery) for the target; what it asks of another account stays."""
    wanted = {**query, "Id": ids[query["Id"]]}
    if "Expression" in wanted and not _QUERY.match(wanted["Expression"]):
        wanted["Expression"] = _WORD_OR_TEXT.sub(lambda word: ids.get(word[0], word[0]), wanted["Expression"])
    if not _is_of(query, source.account):
        return wanted
    if "Expression" in wanted and _QUERY.match(wanted["Expression"]):
        wanted["Expression"] = _CONDITION.sub(
            lambda found: (
                f"{found['name']}{found['equals']}'{values.get((found['name'], found['value']), found['value'])}'"
            ),
            wanted["Expression"],
        )
    if "Label" in wanted:
        wanted["Label"] = rename.words(wanted["Label"], source.table_name, target.table_name)
    if "MetricStat" in wanted:
        wanted["MetricStat"] = rename.dimensions(wanted["MetricStat"], values)
    return wanted


def _ids(queries: Sequence[Mapping[str, Any]], source: str, target: str) -> dict[str, str]:
    """Return the new Id of each query: a lower-case letter, then letters, digits and _ (service model)."""
    ids = [query["Id"] for query in queries]
    # METRICS("text") stands for the queries with that text in their Ids.
    if any(re.search(r"METRICS\(\s*[\"']", query.get("Expression", "")) for query in queries):
        return {one: one for one in ids}
    source, target = (re.sub(r"[^A-Za-z0-9_]", "_", table) for table in (source, target))
    renamed = {one: rename.words(one, source, target) for one in ids}
    counts = Counter(renamed.values())
    return {
        one: one
        if new == one
        else _legal(rename.with_digest(new[: _LONGEST_ID - 20], one).replace("-", "_"))
        if counts[new] > 1 or len(new) > _LONGEST_ID - 2
        else _legal(new)
        for one, new in renamed.items()
    }


def _legal(identifier: str) -> str:
    return identifier if re.match("[a-z]", identifier) else f"m_{identifier}"


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
        others = set(target.others)
        return {
            name: rename.with_digest(name[: _LONGEST_NAME - 17], name) if name in others else name
            for name in source.on_table
        }
    new_names = {name: renamed(name, source.table_name, target.table_name) for name in source.on_table}
    taken = {
        *target.others,
        *source.on_table,
        *(name for name, count in Counter(new_names.values()).items() if count > 1),
    }
    return {
        name: rename.with_digest(new_name[: _LONGEST_NAME - 17], name) if new_name in taken else new_name
        for name, new_name in new_names.items()
    }


def renamed(name: str, source: str, target: str) -> str:
    """Return the name of the restored table's alarm for that of the source's."""
    new_name = rename.words(name, source, target)
    return rename.shortened(f"{name}-{target}" if new_name == name else new_name, _LONGEST_NAME)


def apply(change: Change, table: Table) -> str:
    """Put an alarm (an upsert)."""
    try:
        table.client("cloudwatch").put_metric_alarm(**change.parameters)
    except Exception as error:
        if not errors.is_refusal(error):
            # It may have been done all the same.
            table.of_region.pop((table.region, NAME), None)
        raise
    finally:
        table.of_region.pop((table.region, _BY_TABLE), None)
    table.of_region.get((table.region, NAME), {})[change.parameters["AlarmName"]] = dict(change.parameters)
    return ""
