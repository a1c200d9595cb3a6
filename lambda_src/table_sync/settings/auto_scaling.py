"""Auto scaling of the table and its global secondary indexes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from table_sync import rename
from table_sync.settings.setting import Change, Obstacle, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
_IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
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


def read(table: Table) -> AutoScaling:
    """Return scalable targets, target tracking policies and those scheduled actions that are not over."""
    client = table.client("application-autoscaling")
    targets = scalable_targets(table)
    scaled = sorted({target["ResourceId"] for target in targets})
    policies = [
        policy for resource_id in scaled for policy in _described(client, "scaling_policies", ResourceId=resource_id)
    ]
    actions = [
        action for resource_id in scaled for action in _described(client, "scheduled_actions", ResourceId=resource_id)
    ]
    now = datetime.now(UTC)
    writes = (
        *(_register(target) for target in targets),
        # DynamoDB has target tracking and scheduled scaling only (Application Auto Scaling user guide).
        *(_put_policy(policy) for policy in policies if policy["PolicyType"] == "TargetTrackingScaling"),
        *(_put_action(action, now) for action in actions if not _is_over(action, now)),
    )
    return AutoScaling(table.name, table.billing_mode, table.indexes, writes)


def scalable_targets(table: Table) -> list[dict[str, Any]]:
    """Return the scalable targets of the table and its indexes, as DescribeScalableTargets describes them.

    Raises:
        botocore.exceptions.ClientError: AWS refused the read.

    """
    return table.once("scalable targets", lambda: _scalable_targets(table))


def _scalable_targets(table: Table) -> list[dict[str, Any]]:
    resource_ids = [f"table/{table.name}", *(f"table/{table.name}/index/{index}" for index in sorted(table.indexes))]
    client = table.client("application-autoscaling")
    return [
        target
        for first in range(0, len(resource_ids), _MOST_RESOURCE_IDS)
        for target in _described(
            client, "scalable_targets", ResourceIds=resource_ids[first : first + _MOST_RESOURCE_IDS]
        )
    ]


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
    return _write("PutScalingPolicy", policy, "PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration")


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
    return once is not None and datetime.fromisoformat(once[1]).replace(tzinfo=_zone(action)) <= now


def _zone(action: Mapping[str, Any]) -> Any:  # noqa: ANN401 (tzinfo in all but name to the type checker)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 (seldom wanted, and long to import)

    try:
        return ZoneInfo(action.get("Timezone", "UTC"))
    except ZoneInfoNotFoundError:
        # A runtime without time zone data: at most a day off, about an action that runs once.
        return UTC


def plan(source: AutoScaling, target: AutoScaling) -> list[Change | Obstacle]:
    """Plan every write that the target lacks and can have."""
    writes = [_for_table(write, source.table_name, target.table_name) for write in source.writes]
    missing = [write for write in writes if write not in target.writes]
    if missing and target.billing_mode != "PROVISIONED":
        return [Obstacle(Status.SKIPPED, f"the target's billing mode is {target.billing_mode}")]
    scaled = {index for write in missing if (index := _index(write))}
    unready = sorted(index for index in scaled if target.indexes.get(index) != "ACTIVE")
    changes = [write for write in missing if _index(write) not in unready]
    return [*changes, *(_obstacle(index, target.indexes.get(index)) for index in unready)]


def _index(write: Change) -> str:
    return str(write.parameters["ResourceId"]).partition("/index/")[2]


def _obstacle(index: str, status: str | None) -> Obstacle:
    if status is None:
        return Obstacle(Status.UNCHANGED, f"index {index} is not on the target: its auto scaling is left out")
    return Obstacle(Status.PENDING, f"index {index} of the target is {status}")


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
