"""Auto scaling of the table and its global secondary indexes."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from table_sync import rename
from table_sync.settings.api_shape import InvalidValueError, checked, items
from table_sync.settings.setting import Change, Obstacle, Status, is_not_ready, other_billing_mode, without_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from table_sync.aws import Table

NAME = "auto_scaling"
TOGGLE = "enable_auto_scaling_settings"
DEFAULT = True
REGION_BOUND = False
# Application Auto Scaling checks those of other services on the caller (user guide, Permissions validation).
READ_ACTIONS = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
)
WRITE_ACTIONS = (
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:PutScheduledAction",
    "application-autoscaling:RegisterScalableTarget",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricAlarm",
    "dynamodb:UpdateTable",
    "iam:CreateServiceLinkedRole",
)
NEEDS = None

# Application Auto Scaling service model, PolicyName.
_LONGEST_POLICY_NAME = 256
# API reference, DescribeScalableTargets, ResourceIds.
_MOST_RESOURCE_IDS = 50
TARGETS, ACTIONS = "scalable targets", "scheduled actions"
"""What Table.once() has them under."""
_IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_CONFIGURATION = "TargetTrackingScalingPolicyConfiguration"
_DYNAMODB, _TARGET_TRACKING = "dynamodb", "TargetTrackingScaling"
# What lasts of each description.
_FIELDS = {
    "ScalableTargets": ("MinCapacity", "MaxCapacity", "SuspendedState"),
    "ScalingPolicies": ("PolicyName", "PolicyType", _CONFIGURATION),
    "ScheduledActions": (
        "ScheduledActionName",
        "Schedule",
        "Timezone",
        "StartTime",
        "EndTime",
        "ScalableTargetAction",
    ),
}
_SHAPES = {
    "ScalableTargets": "ScalableTarget",
    "ScalingPolicies": "ScalingPolicy",
    "ScheduledActions": "ScheduledAction",
}
_REQUIRED = {
    "ScalableTargets": ("ServiceNamespace",),
    "ScalingPolicies": ("ServiceNamespace", "PolicyName", "PolicyType"),
    "ScheduledActions": ("ServiceNamespace", "ScheduledActionName", "Schedule"),
}
# What a target tracking policy of DynamoDB has where nothing is said (service model, DisableScaleIn; Application Auto
# Scaling user guide, Define cooldown periods).
_POLICY_DEFAULTS = {"DisableScaleIn": False, "ScaleInCooldown": 0, "ScaleOutCooldown": 0}
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


@dataclass(frozen=True)
class AutoScaling:
    """What decides whether a table can scale, and the writes that would make its auto scaling what it is."""

    table_name: str
    billing_mode: str
    indexes: Mapping[str, str]
    """IndexStatus by name."""
    writes: tuple[Change, ...]
    """Scalable targets, then the policies and scheduled actions that need them."""

    def __bool__(self) -> bool:
        """Say whether anything scales."""
        return bool(self.writes)


def fetch(table: Table) -> dict[str, Any] | None:
    """Return ScalableTargets, ScalingPolicies and ScheduledActions of the table and its indexes."""
    client = table.client("application-autoscaling")
    targets = scalable_targets(table)
    scaled = sorted({target["ResourceId"] for target in targets})
    policies = [
        policy for resource_id in scaled for policy in _described(client, "scaling_policies", ResourceId=resource_id)
    ]
    actions = table.once(
        ACTIONS,
        lambda: [action for resource_id in scaled for action in scheduled_actions(client, ResourceId=resource_id)],
    )
    found = {"ScalableTargets": targets, "ScalingPolicies": policies, "ScheduledActions": actions}
    return {name: _listed(name, described) for name, described in found.items()} if targets else None


def _listed(name: str, described: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what lasts of descriptions, in one order, with times as text."""
    names = (*_IDENTITY, *_FIELDS[name])
    found = [{key: _as_json(one[key]) for key in names if one.get(key) is not None} for one in described]
    return sorted(found, key=lambda one: [str(one.get(key, "")) for key in names])


def _as_json(node: Any) -> Any:  # noqa: ANN401 (a part of an answer)
    return node.astimezone(UTC).isoformat() if isinstance(node, datetime) else node


def parse(value: dict[str, Any] | None, table: Table) -> AutoScaling:
    """Return the scalable targets, target tracking policies and those scheduled actions that have not expired."""
    found = {
        name: [checked_for(table, entry, _SHAPES[name], *_REQUIRED[name]) for entry in items(value or {}, name)]
        for name in _FIELDS
    }
    now = datetime.now(UTC)
    writes = (
        *(_register(target) for target in found["ScalableTargets"]),
        # DynamoDB has target tracking and scheduled scaling only (Application Auto Scaling user guide).
        *(_put_policy(policy) for policy in found["ScalingPolicies"] if policy["PolicyType"] == _TARGET_TRACKING),
        *(_put_action(action, now) for action in found["ScheduledActions"] if not _is_over(action, now)),
    )
    return AutoScaling(table.name, table.billing_mode, table.indexes, writes)


def checked_for(table: Table, entry: dict[str, Any], shape: str, *required: str) -> dict[str, Any]:
    """Return a description of the table's or of one of its indexes' scaling.

    Raises:
        InvalidValueError: it is not one, or of something else.

    """
    found = checked(entry, "application-autoscaling", shape, "ResourceId", "ScalableDimension", *required)
    of_table = f"table/{table.name}"
    if found["ResourceId"] != of_table and not found["ResourceId"].startswith(f"{of_table}/index/"):
        raise InvalidValueError(f"ResourceId {found['ResourceId']} is not {of_table} or an index of it")
    if found.get("ServiceNamespace", _DYNAMODB) != _DYNAMODB:
        raise InvalidValueError(f"ServiceNamespace is not {_DYNAMODB}")
    return found


def scalable_targets(table: Table) -> list[dict[str, Any]]:
    """Return the scalable targets of the table and its indexes, as DescribeScalableTargets describes them.

    Raises:
        botocore.exceptions.ClientError: AWS refused the read.

    """
    return table.once(TARGETS, lambda: scalable_targets_of([table])[0][1])


def scalable_targets_of(tables: Iterable[Table]) -> list[tuple[Table, list[dict[str, Any]]]]:
    """Return described tables of one Region, each with the scalable targets of it and its indexes.

    Raises:
        botocore.exceptions.ClientError: AWS refused the read.

    """
    found = [(table, _resource_ids(table)) for table in tables]
    wanted = [resource_id for _, resource_ids in found for resource_id in resource_ids]
    by_resource: dict[str, list[dict[str, Any]]] = {}
    for first in range(0, len(wanted), _MOST_RESOURCE_IDS):
        asked = wanted[first : first + _MOST_RESOURCE_IDS]
        for target in _described(found[0][0].client("application-autoscaling"), "scalable_targets", ResourceIds=asked):
            by_resource.setdefault(target["ResourceId"], []).append(target)
    return [
        (table, [target for resource_id in resource_ids for target in by_resource.get(resource_id, [])])
        for table, resource_ids in found
    ]


def scheduled_actions(client: Any, **of_resource: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Yield the scheduled actions of a resource (ResourceId), or of all of DynamoDB's in the Region.

    Raises:
        botocore.exceptions.ClientError: AWS refused the read.

    """
    yield from _described(client, "scheduled_actions", **of_resource)


def _resource_ids(table: Table) -> list[str]:
    return [f"table/{table.name}", *(f"table/{table.name}/index/{index}" for index in sorted(table.indexes))]


def _described(client: Any, what: str, **parameters: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    for page in client.get_paginator(f"describe_{what}").paginate(ServiceNamespace="dynamodb", **parameters):
        yield from page["".join(word.capitalize() for word in what.split("_"))]


def _write(operation: str, description: Mapping[str, Any], *keys: str) -> Change:
    present = {key: description[key] for key in (*_IDENTITY, *keys) if description.get(key) is not None}
    return Change(operation, present, part=f"{description['ResourceId']} {description['ScalableDimension']}")


def _register(target: Mapping[str, Any]) -> Change:
    suspended = _NOT_SUSPENDED | target.get("SuspendedState", {})
    keys = ("MinCapacity", "MaxCapacity", "SuspendedState")
    return _write("RegisterScalableTarget", {**target, "SuspendedState": suspended}, *keys)


def _put_policy(policy: Mapping[str, Any]) -> Change:
    if _CONFIGURATION not in policy:
        raise InvalidValueError(f"ScalingPolicy has no {_CONFIGURATION}")
    return _write("PutScalingPolicy", policy, "PolicyName", "PolicyType", _CONFIGURATION)


def _put_action(action: Mapping[str, Any], now: datetime) -> Change:
    keys = ["ScheduledActionName", "Schedule", "EndTime", "ScalableTargetAction"]
    # UTC is the default (API reference, PutScheduledAction), which some tools name and others do not.
    if action.get("Timezone") != "UTC":
        keys.append("Timezone")
    # A start that has passed says nothing any more, and has no place in a new action.
    if "StartTime" in action and action["StartTime"] > now:
        keys.append("StartTime")
    return _write("PutScheduledAction", action, *keys)


def _is_over(action: Mapping[str, Any], now: datetime) -> bool:
    if "EndTime" in action and action["EndTime"] <= now:
        return True
    once = re.fullmatch(r"at\((.+)\)", action["Schedule"])
    if once is None:
        return False
    try:
        return datetime.fromisoformat(once[1]).replace(tzinfo=_zone(action)) <= now
    except (ValueError, OverflowError):
        raise InvalidValueError(f"Schedule {action['Schedule']} is not a time") from None


def _zone(action: Mapping[str, Any]) -> Any:  # noqa: ANN401 (tzinfo in all but name to the type checker)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 (seldom wanted, and long to import)

    try:
        return ZoneInfo(action.get("Timezone", "UTC"))
    except (ValueError, ZoneInfoNotFoundError):
        # A runtime without time zone data: at most a day off, about an action that runs once.
        return UTC


def plan(source: AutoScaling, target: AutoScaling) -> list[Change | Obstacle]:
    """Plan every write that the target lacks and can have."""
    writes = [_for_table(write, source.table_name, target.table_name) for write in source.writes]
    missing = [
        *(write for write in writes if write.operation == "RegisterScalableTarget" and write not in target.writes),
        *_missing_policies(writes, target.writes),
        *_missing_actions(writes, target.writes),
    ]
    if missing and target.billing_mode != "PROVISIONED":
        return [Obstacle(Status.SKIPPED, other_billing_mode(target.billing_mode))]
    scaled = {index for write in missing if (index := _index(write))}
    unready = sorted(index for index in scaled if target.indexes.get(index) != "ACTIVE")
    changes = [_with_present(write, target.writes) for write in missing if _index(write) not in unready]
    return [*changes, *(_obstacle(index, target.indexes.get(index)) for index in unready)]


def _with_present(write: Change, present: Sequence[Change]) -> Change:
    """Return the write with what the target has of it, and what it is about."""
    there = [one for one in present if one.operation == write.operation and _named(one) == _named(write)]
    dimension = _scalable_target(write)[1].rpartition(":")[2]
    of_index = f" of index {_index(write)}" if _index(write) else ""
    name = write.parameters.get("PolicyName", write.parameters.get("ScheduledActionName", ""))
    kind = {"PutScalingPolicy": "scaling policy", "PutScheduledAction": "scheduled action"}.get(write.operation, "")
    subject = f"{kind} {name}" if kind else f"scalable target {dimension}{of_index}"
    return replace(write, subject=subject, present=there[0].parameters if there else None)


def _missing_policies(wanted: Sequence[Change], present: Sequence[Change]) -> Iterator[Change]:
    """Yield the policies that are not there under any name.

    AWS takes one target tracking policy for each metric of a scalable target ("Only one TargetTrackingScaling policy
    for a given metric specification is allowed"), and replaces the policy that has the name.
    """
    policies = [write for write in wanted if write.operation == "PutScalingPolicy"]
    by_metric = {_metric(write): write for write in present if write.operation == "PutScalingPolicy"}
    names = Counter(_named(write) for write in policies)
    taken = {_named(write) for write in by_metric.values()}
    for policy in policies:
        same_metric = by_metric.get(_metric(policy))
        if same_metric is not None:
            if _with_defaults(same_metric) != _with_defaults(policy):
                yield _under_name_of(same_metric, policy)
        elif _named(policy) in taken or names[_named(policy)] > 1:
            # Another policy has the name, which would be replaced.
            name = rename.with_digest(policy.parameters["PolicyName"][: _LONGEST_POLICY_NAME - 17], _metric(policy))
            yield replace(policy, parameters={**policy.parameters, "PolicyName": name})
        else:
            yield policy


def _metric(policy: Change) -> str:
    """Return what AWS tells a scalable target's policies apart by, with the scalable target, as text."""
    configuration = policy.parameters[_CONFIGURATION]
    metric = {key: value for key, value in configuration.items() if key.endswith("MetricSpecification")}
    return json.dumps([*_scalable_target(policy), rename.with_sorted_dimensions(metric)], sort_keys=True)


def _with_defaults(policy: Change) -> dict[str, Any]:
    configuration: dict[str, Any] = rename.with_sorted_dimensions(policy.parameters[_CONFIGURATION])
    return _POLICY_DEFAULTS | configuration


def _under_name_of(present: Change, wanted: Change) -> Change:
    """Return the write of the wanted configuration, saying also what the present one has and the wanted one has not."""
    unsaid = {key: _POLICY_DEFAULTS[key] for key in _POLICY_DEFAULTS if key in present.parameters[_CONFIGURATION]}
    parameters = {
        **wanted.parameters,
        "PolicyName": present.parameters["PolicyName"],
        _CONFIGURATION: unsaid | wanted.parameters[_CONFIGURATION],
    }
    return replace(wanted, parameters=parameters)


def _missing_actions(wanted: Sequence[Change], present: Sequence[Change]) -> Iterator[Change]:
    """Yield the scheduled actions that are there neither under their name nor, with the same effect, under another."""
    actions = {_named(write): write for write in wanted if write.operation == "PutScheduledAction"}
    there = {_named(write): write for write in present if write.operation == "PutScheduledAction"}
    # An action that has the name of one with another effect will be replaced, and does not count.
    lasting = {_effect(write) for name, write in there.items() if name not in actions or actions[name] == write}
    yield from (write for name, write in actions.items() if there.get(name) != write and _effect(write) not in lasting)


def _effect(action: Change) -> str:
    effect = {key: value for key, value in action.parameters.items() if key != "ScheduledActionName"}
    return json.dumps(effect, sort_keys=True, default=str)


def _scalable_target(write: Change) -> tuple[str, str]:
    return str(write.parameters["ResourceId"]), str(write.parameters.get("ScalableDimension"))


def _named(write: Change) -> tuple[str, ...]:
    """Return what an upsert goes by."""
    return *_scalable_target(write), str(
        write.parameters.get("PolicyName", write.parameters.get("ScheduledActionName"))
    )


def _index(write: Change) -> str:
    return str(write.parameters["ResourceId"]).partition("/index/")[2]


def _obstacle(index: str, status: str | None) -> Obstacle:
    if status is None:
        return without_index(index, "its auto scaling is")
    return is_not_ready(status, index)


def _for_table(write: Change, source: str, target: str) -> Change:
    """Return the write with the target's name where the source's stands for the table."""
    parameters = rename.dimensions(dict(write.parameters), {("TableName", source): target})
    parameters["ResourceId"] = rename.resource_id(parameters["ResourceId"], source, target)
    if "PolicyName" in parameters:
        # The console names policies "$metric:table/TABLE" and "$metric:table/TABLE/index/INDEX".
        name = rename.resource_id(parameters["PolicyName"], source, target)
        parameters["PolicyName"] = rename.shortened(name, _LONGEST_POLICY_NAME)
    return replace(write, parameters=parameters)


def apply(change: Change, table: Table) -> str:
    """Register a target, or put a policy or scheduled action; each is an upsert."""
    getattr(table.client("application-autoscaling"), xform_name(change.operation))(**change.parameters)
    return ""
