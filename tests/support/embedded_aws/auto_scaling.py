"""Application Auto Scaling of DynamoDB tables and indexes; other namespaces are moto's.

Sources: Application Auto Scaling API reference and user guide, "Target tracking scaling policies", "Scheduled
scaling"; DynamoDB developer guide, "Managing throughput capacity automatically with auto scaling". No policy and no
schedule scales anything here; only the bounds of a target are applied, some seconds after they are registered.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from moto.cloudwatch.models import cloudwatch_backends

from tests.support.embedded_aws.answers import Answer, AwsError
from tests.support.embedded_aws.cloudwatch import start
from tests.support.embedded_aws.dynamodb_tables import invalid
from tests.support.embedded_aws.service import Moto, Service, page
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call
    from tests.support.embedded_aws.dynamodb_tables import ControlledTable

RESOURCE = re.compile(r"table/(?P<table>[a-zA-Z0-9_.-]{3,255})(/index/(?P<index>[a-zA-Z0-9_.-]{3,255}))?")
DIMENSION = re.compile(r"dynamodb:(?P<kind>table|index):(?P<units>(Read|Write)CapacityUnits)")
SCHEDULE = re.compile(
    r"at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?\)"
    r"|rate\([1-9]\d* (minute|hour|day)s?\)"
    r"|cron\(\S+( \S+){5}\)"
)
SERVICE_LINKED_ROLE = (
    "role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
)
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
# The alarms that target tracking of DynamoDB makes: comparison, evaluation periods and period in seconds of each.
ALARMS = {
    "AlarmHigh": ("Consumed", "GreaterThanThreshold", 2, 60),
    "AlarmLow": ("Consumed", "LessThanThreshold", 15, 60),
    "ProvisionedCapacityHigh": ("Provisioned", "GreaterThanThreshold", 3, 300),
    "ProvisionedCapacityLow": ("Provisioned", "LessThanThreshold", 3, 300),
}
POLICY_TYPES = ("PredictiveScaling", "StepScaling", "TargetTrackingScaling")
TARGET_UTILIZATION = (20, 90)
MAXIMUM_TAGS = 50
POLICIES_A_PAGE = 10
OTHERS_A_PAGE = 50

# Region, resource and dimension.
Key = tuple[str, str, str]


@dataclass(eq=False)
class ScalableTarget:
    """A registered target, and what hangs on it, by name. All in the shape in which the describe calls tell it."""

    described: dict[str, Any]
    tags: dict[str, str]
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    scheduled_actions: dict[str, dict[str, Any]] = field(default_factory=dict)


class AutoScaling(Service):
    """The Application Auto Scaling of every Region."""

    name: ClassVar[str] = "application-autoscaling"

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Start without targets."""
        super().__init__(aws)
        self._targets_of: dict[str, dict[Key, ScalableTarget]] = {}

    def check(self, call: "Call") -> None:
        """Also refuse a policy type that there is not: AWS names them in another order than its service model."""
        policy_type = call.parameters.get("PolicyType", POLICY_TYPES[0])
        if call.operation == "PutScalingPolicy" and policy_type not in POLICY_TYPES:
            raise invalid(
                f"1 validation error detected: Value '{policy_type}' at 'policyType' failed to satisfy constraint: "
                f"Member must satisfy enum value set: [{', '.join(POLICY_TYPES)}]"
            )
        super().check(call)

    def handle(self, call: "Call", moto: Moto) -> Answer:
        """Leave the namespaces of other services to moto."""
        return (
            moto() if call.parameters.get("ServiceNamespace", "dynamodb") != "dynamodb" else super().handle(call, moto)
        )

    # Targets.

    @property
    def _targets(self) -> dict[Key, ScalableTarget]:
        return self._targets_of.setdefault(self.aws.account, {})

    def register_scalable_target(self, call: "Call") -> dict[str, Any]:
        """RegisterScalableTarget: an upsert in which what is not sent stays."""
        sent = call.parameters
        key = self._key(call)
        table = self._table(key)
        known = self._targets.get(key)
        described = known.described if known else self._new_target(key)
        changed = described | {name: sent[name] for name in ("MinCapacity", "MaxCapacity") if name in sent}
        changed["SuspendedState"] = described["SuspendedState"] | sent.get("SuspendedState", {})
        if "MinCapacity" not in changed or "MaxCapacity" not in changed:
            raise invalid("MinCapacity and MaxCapacity must be specified when a scalable target is registered first")
        if not 1 <= changed["MinCapacity"] <= changed["MaxCapacity"]:
            raise invalid("MinCapacity must be at least 1, and MaxCapacity no less than MinCapacity")
        if known:
            known.described.update(changed)
        else:
            self._targets[key] = ScalableTarget(changed, dict(sent.get("Tags", {})))
        self._apply_bounds_later(key, table, self.now)
        return {"ScalableTargetARN": changed["ScalableTargetARN"]}

    def deregister_scalable_target(self, call: "Call") -> None:
        """DeregisterScalableTarget: its policies and scheduled actions go with it."""
        key = self._key(call)
        target = self._target(key)
        for policy in target.policies.values():
            self._delete_alarms(key[0], policy)
        del self._targets[key]

    def describe_scalable_targets(self, call: "Call") -> dict[str, Any]:
        """DescribeScalableTargets."""
        ids = call.parameters.get("ResourceIds")
        dimension = call.parameters.get("ScalableDimension")
        _check_dimension_alone(call, given=bool(ids))
        found = [
            target.described
            for (region, resource, its_dimension), target in self._targets.items()
            if region == call.region and (not ids or resource in ids) and dimension in {None, its_dimension}
        ]
        found, token = _page(call, found, OTHERS_A_PAGE)
        return {"ScalableTargets": found, "NextToken": token}

    # Target tracking.

    def put_scaling_policy(self, call: "Call") -> dict[str, Any]:
        """PutScalingPolicy: an upsert by name; target tracking is the only type for DynamoDB."""
        sent = call.parameters
        key = self._key(call)
        target = self._target(key)
        name = sent["PolicyName"]
        known = target.policies.get(name)
        if sent.get("PolicyType", "TargetTrackingScaling" if known else "StepScaling") != "TargetTrackingScaling":
            raise invalid("Only TargetTrackingScaling is supported for DynamoDB")
        configuration = sent.get("TargetTrackingScalingPolicyConfiguration")
        if configuration is None:
            raise invalid("TargetTrackingScalingPolicyConfiguration must be specified")
        self._check_tracking(key, configuration)
        for other in target.policies.values():
            if other["PolicyName"] != name and _metric(other) == _metric_of(configuration):
                raise invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
        region, resource, dimension = key
        policy = known or {
            "PolicyARN": f"arn:aws:autoscaling:{region}:{self.aws.account}:scalingPolicy:{uuid.uuid4()}:"
            f"resource/dynamodb/{resource}:policyName/{name}",
            "PolicyName": name,
            "ServiceNamespace": "dynamodb",
            "ResourceId": resource,
            "ScalableDimension": dimension,
            "PolicyType": "TargetTrackingScaling",
            "CreationTime": self.now,
        }
        policy["TargetTrackingScalingPolicyConfiguration"] = configuration
        if not known:
            policy["Alarms"] = self._make_alarms(key, policy["PolicyARN"])
        target.policies[name] = policy
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def delete_scaling_policy(self, call: "Call") -> None:
        """DeleteScalingPolicy, and its alarms."""
        key = self._key(call)
        policy = self._target(key).policies.pop(call.parameters["PolicyName"], None)
        if policy is None:
            raise AwsError("ObjectNotFoundException", f"No scaling policy found: {call.parameters['PolicyName']}")
        self._delete_alarms(key[0], policy)

    def describe_scaling_policies(self, call: "Call") -> dict[str, Any]:
        """DescribeScalingPolicies, of exactly the resource and dimension that are sent."""
        found = self._described(call, lambda target: target.policies, call.parameters.get("PolicyNames"))
        found, token = _page(call, found, POLICIES_A_PAGE)
        return {"ScalingPolicies": found, "NextToken": token}

    # Scheduled scaling.

    def put_scheduled_action(self, call: "Call") -> None:
        """PutScheduledAction: an upsert by name in which what is not sent stays, start and end aside.

        "If you don't specify start and end times, the old values are deleted" (service model).
        """
        sent = call.parameters
        key = self._key(call)
        target = self._target(key)
        region, resource, dimension = key
        name = sent["ScheduledActionName"]
        parts = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
        action = target.scheduled_actions.get(name) or {
            "ScheduledActionARN": f"arn:aws:autoscaling:{region}:{self.aws.account}:scheduledAction:{uuid.uuid4()}:"
            f"resource/dynamodb/{resource}:scheduledActionName/{name}",
            "ScheduledActionName": name,
            "ServiceNamespace": "dynamodb",
            "ResourceId": resource,
            "ScalableDimension": dimension,
            "CreationTime": self.now,
        }
        action = {part: value for part, value in action.items() if part not in {"StartTime", "EndTime"}}
        action |= {part: sent[part] for part in parts if part in sent}
        _check_schedule(action)
        target.scheduled_actions[name] = action

    def delete_scheduled_action(self, call: "Call") -> None:
        """DeleteScheduledAction."""
        name = call.parameters["ScheduledActionName"]
        if self._target(self._key(call)).scheduled_actions.pop(name, None) is None:
            raise AwsError("ObjectNotFoundException", f"No scheduled action found: {name}")

    def describe_scheduled_actions(self, call: "Call") -> dict[str, Any]:
        """DescribeScheduledActions, of exactly the resource and dimension that are sent."""
        names = call.parameters.get("ScheduledActionNames")
        found = self._described(call, lambda target: target.scheduled_actions, names)
        found, token = _page(call, found, OTHERS_A_PAGE)
        return {"ScheduledActions": found, "NextToken": token}

    # Tags of targets.

    def list_tags_for_resource(self, call: "Call") -> dict[str, Any]:
        """ListTagsForResource."""
        return {"Tags": self._by_arn(call).tags}

    def tag_resource(self, call: "Call") -> None:
        """TagResource: at most 50 tags."""
        target = self._by_arn(call)
        tags = target.tags | call.parameters["Tags"]
        if len(tags) > MAXIMUM_TAGS:
            raise AwsError("TooManyTagsException", "The request contains too many tags.")
        target.tags = tags

    def untag_resource(self, call: "Call") -> None:
        """UntagResource."""
        target = self._by_arn(call)
        target.tags = {key: value for key, value in target.tags.items() if key not in call.parameters["TagKeys"]}

    # How it works.

    def _key(self, call: "Call") -> Key:
        resource, dimension = call.parameters["ResourceId"], call.parameters["ScalableDimension"]
        named, counted = RESOURCE.fullmatch(resource), DIMENSION.fullmatch(dimension)
        if not named or not counted or (counted["kind"] == "index") != bool(named["index"]):
            raise invalid("Unsupported service namespace, resource type or scalable dimension")
        return call.region, resource, dimension

    def age(self) -> None:
        """Let scalable targets be from before March 2023: without an ARN (hashicorp/terraform-provider-aws#31214)."""
        for target in self._targets.values():
            del target.described["ScalableTargetARN"]

    def _target(self, key: Key) -> ScalableTarget:
        if key not in self._targets:
            raise AwsError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: dynamodb, resource ID: {key[1]}, "
                f"scalable dimension: {key[2]}",
            )
        return self._targets[key]

    def _by_arn(self, call: "Call") -> ScalableTarget:
        arn = call.parameters["ResourceARN"]
        for target in self._targets.values():
            if target.described["ScalableTargetARN"] == arn:
                return target
        raise AwsError("ResourceNotFoundException", f"The scalable target doesn't exist: {arn}")

    def _new_target(self, key: Key) -> dict[str, Any]:
        region, resource, dimension = key
        target_id = uuid.uuid4().hex
        return {
            "ServiceNamespace": "dynamodb",
            "ResourceId": resource,
            "ScalableDimension": dimension,
            "RoleARN": f"arn:aws:iam::{self.aws.account}:{SERVICE_LINKED_ROLE}",
            "CreationTime": self.now,
            "SuspendedState": dict(NOT_SUSPENDED),
            "ScalableTargetARN": (
                f"arn:aws:application-autoscaling:{region}:{self.aws.account}:scalable-target/{target_id}"
            ),
        }

    def _table(self, key: Key) -> "ControlledTable":
        region, resource, _ = key
        named = RESOURCE.fullmatch(resource)
        assert named  # _key has seen to it
        table = self.aws.dynamodb.find(f"arn:aws:dynamodb:{region}:{self.aws.account}:table/{named['table']}")
        if table is None:
            raise invalid(f"DynamoDB table does not exist: {resource}")
        if named["index"] and named["index"] not in table.index_names():
            raise invalid(f"DynamoDB index does not exist: {resource}")
        return table

    def _described(
        self, call: "Call", part: Callable[[ScalableTarget], dict[str, dict[str, Any]]], names: list[str] | None
    ) -> list[dict[str, Any]]:
        resource, dimension = call.parameters.get("ResourceId"), call.parameters.get("ScalableDimension")
        _check_dimension_alone(call, given=resource is not None)
        return [
            described
            for (region, its_resource, its_dimension), target in self._targets.items()
            if region == call.region and resource in {None, its_resource} and dimension in {None, its_dimension}
            for name, described in part(target).items()
            if not names or name in names
        ]

    def _check_tracking(self, key: Key, configuration: dict[str, Any]) -> None:
        predefined = configuration.get("PredefinedMetricSpecification")
        if bool(predefined) == bool(configuration.get("CustomizedMetricSpecification")):
            raise invalid(
                "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified"
            )
        kind = "Read" if "Read" in key[2] else "Write"
        if predefined and predefined["PredefinedMetricType"] != f"DynamoDB{kind}CapacityUtilization":
            raise invalid(f"The predefined metric type does not fit the scalable dimension {key[2]}")
        least, most = TARGET_UTILIZATION
        if predefined and not least <= configuration["TargetValue"] <= most:
            raise invalid(f"TargetValue must be between {least} and {most} for DynamoDB's predefined metrics")

    def _make_alarms(self, key: Key, policy_arn: str) -> list[dict[str, str]]:
        region, resource, dimension = key
        named, counted = RESOURCE.fullmatch(resource), DIMENSION.fullmatch(dimension)
        assert named  # _key has seen to both
        assert counted
        dimensions = [{"Name": "TableName", "Value": named["table"]}]
        if named["index"]:
            dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": named["index"]})
        alarms = []
        for kind, (prefix, comparison, evaluations, seconds) in ALARMS.items():
            alarm = cloudwatch_backends[self.aws.account][region].put_metric_alarm(
                name=f"TargetTracking-{resource}-{kind}-{uuid.uuid4()}",
                namespace="AWS/DynamoDB",
                metric_name=f"{prefix}{counted['units']}",
                metric_data_queries=[],
                comparison_operator=comparison,
                evaluation_periods=evaluations,
                period=seconds,
                threshold=42.0,
                statistic="Sum" if prefix == "Consumed" else "Average",
                description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy_arn}.",
                dimensions=dimensions,
                alarm_actions=[policy_arn],
            )
            start(alarm)
            alarms.append({"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn})
        return alarms

    def _delete_alarms(self, region: str, policy: dict[str, Any]) -> None:
        names = [alarm["AlarmName"] for alarm in policy["Alarms"]]
        cloudwatch_backends[self.aws.account][region].delete_alarms(names)

    def _apply_bounds_later(self, key: Key, table: "ControlledTable", after: float) -> None:
        def apply(at: float) -> None:
            target = self._targets.get(key)
            status = table.status.status(at)
            if target is None or table.billing_mode != "PROVISIONED" or status == "DELETING":
                return
            if status == "ACTIVE":
                self._apply_bounds(key, target, table, at)
            else:
                self._apply_bounds_later(key, table, at)

        self.aws.dynamodb.schedule(after + self.aws.delays.auto_scaling, apply)

    def _apply_bounds(self, key: Key, target: ScalableTarget, table: "ControlledTable", at: float) -> None:
        named, counted = RESOURCE.fullmatch(key[1]), DIMENSION.fullmatch(key[2])
        assert named  # _key has seen to both
        assert counted
        scaled: Any = table.moto
        if named["index"]:
            scaled = next((index for index in table.moto.global_indexes if index.name == named["index"]), None)
        if scaled is None or target.described["SuspendedState"]["DynamicScalingOutSuspended"]:
            return
        present = scaled.throughput[counted["units"]]
        wanted = max(target.described["MinCapacity"], min(present, target.described["MaxCapacity"]))
        if wanted != present:
            scaled.throughput = scaled.throughput | {counted["units"]: wanted}
            table.status = Transition("UPDATING", "ACTIVE", at + self.aws.delays.capacity)


def _metric_of(configuration: dict[str, Any]) -> Any:
    return configuration.get("PredefinedMetricSpecification") or configuration.get("CustomizedMetricSpecification")


def _metric(policy: dict[str, Any]) -> Any:
    return _metric_of(policy["TargetTrackingScalingPolicyConfiguration"])


def _check_dimension_alone(call: "Call", *, given: bool) -> None:
    if "ScalableDimension" in call.parameters and not given:
        raise invalid("If you specify a scalable dimension, you must also specify a resource ID")


def _check_schedule(action: dict[str, Any]) -> None:
    if not SCHEDULE.fullmatch(action.get("Schedule", "")):
        raise invalid(f"Schedule must be at(...), rate(...) or cron(...), and {action.get('Schedule')!r} is not")
    if not action.get("ScalableTargetAction"):
        raise invalid("ScalableTargetAction must have MinCapacity or MaxCapacity")
    if action.get("StartTime", 0) > action.get("EndTime", action.get("StartTime", 0)):
        raise invalid("StartTime must not be after EndTime")
    try:
        ZoneInfo(action.get("Timezone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        raise invalid(f"Timezone {action['Timezone']} is not a canonical IANA time zone") from None


def _page(call: "Call", found: list[dict[str, Any]], most: int) -> tuple[list[dict[str, Any]], str | None]:
    size = call.parameters.get("MaxResults") or most
    if not 1 <= size <= most:
        raise invalid(f"MaxResults must be between 1 and {most}")
    return page(
        found,
        call.parameters.get("NextToken"),
        size,
        lambda: AwsError("InvalidNextTokenException", "The next token supplied was invalid."),
    )
