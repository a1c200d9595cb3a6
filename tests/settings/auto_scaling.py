"""Auto scaling: targets, policies and scheduled actions of the table and two indexes, one of which may be missing."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from table_sync.settings.auto_scaling import AutoScaling
from table_sync.settings.setting import Change
from tests.settings import TARGET
from tests.support.tables import INDEXES, REGION

WRITE = ("application-autoscaling:RegisterScalableTarget", "ResourceId")


def give(aws, name, region=REGION, index=INDEXES[1]):
    """Scale the table's reads and writes and one index's reads: targets, policies, a scheduled action."""
    scale(aws, name, "dynamodb:table:ReadCapacityUnits", region=region, suspended=True)
    scale(aws, name, "dynamodb:table:WriteCapacityUnits", region=region)
    if index:
        scale(aws, name, "dynamodb:index:ReadCapacityUnits", region=region, index=index)
    client = aws.client("application-autoscaling", region)
    action = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "ScalableTargetAction": {"MinCapacity": 20, "MaxCapacity": 200},
    }
    now = datetime.fromtimestamp(aws.clock.now(), UTC)
    client.put_scheduled_action(
        **action, ScheduledActionName="before-work", Schedule="cron(0 6 ? * MON-FRI *)", Timezone="Europe/Berlin"
    )
    client.put_scheduled_action(
        **action, ScheduledActionName="sale", Schedule="rate(1 day)", EndTime=now + timedelta(days=3650)
    )


def scale(aws, name, dimension, *, region=REGION, index=None, suspended=False):  # noqa: PLR0913 (each is a fact of the target)
    """Register a scalable target with a target tracking policy, named as the console does."""
    client = aws.client("application-autoscaling", region)
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}" + (f"/index/{index}" if index else ""),
        "ScalableDimension": dimension,
    }
    client.register_scalable_target(
        **target,
        MinCapacity=5,
        MaxCapacity=100,
        SuspendedState={
            "DynamicScalingInSuspended": suspended,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        Tags={"scales": dimension.split(":")[1]},
    )
    aws.clock.advance(2)  # policies need a target that is visible
    metric = f"DynamoDB{dimension.split(':')[2].removesuffix('Units')}Utilization"
    client.put_scaling_policy(
        **target,
        PolicyName=f"{metric}:{target['ResourceId']}"[:256],
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "ScaleInCooldown": 0,
            "ScaleOutCooldown": 60,
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        },
    )


def see(aws, table, region):
    client = aws.client("application-autoscaling", region)
    identity = {"PolicyARN", "ScheduledActionARN", "ScalableTargetARN", "RoleARN", "CreationTime", "Alarms"}
    of_table = f"table/{table['TableName']}"
    indexes = [f"{of_table}/index/{index['IndexName']}" for index in table.get("GlobalSecondaryIndexes", [])]
    found = []
    for what in ("scalable_targets", "scaling_policies", "scheduled_actions"):
        for resource in (of_table, *indexes):
            one = {"ResourceIds": [resource]} if what == "scalable_targets" else {"ResourceId": resource}
            for page in client.get_paginator(f"describe_{what}").paginate(ServiceNamespace="dynamodb", **one):
                for entry in page["".join(word.capitalize() for word in what.split("_"))]:
                    plain = {key: value for key, value in entry.items() if key not in identity}
                    # The table's own name is all that may differ.
                    found.append(json.dumps(plain, sort_keys=True, default=str).replace(of_table, "table/*"))
    return sorted(found)


UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
RESTORED = AutoScaling(TARGET, "PROVISIONED", dict.fromkeys(INDEXES, "ACTIVE"), ())


def values(table):
    indexes = st.sampled_from([INDEXES, INDEXES, INDEXES[:1]])
    return st.builds(
        lambda mode, names, writes: AutoScaling(table, mode, dict.fromkeys(names, "ACTIVE"), _of(names, writes)),
        st.sampled_from(["PROVISIONED", "PROVISIONED", "PAY_PER_REQUEST"]),
        indexes,
        st.lists(
            _writes(table),
            max_size=5,
            unique_by=(lambda write: _part(write, table), lambda write: _upserted_by(write, table)),
        ).map(tuple),
    )


def _of(indexes, writes):
    return tuple(w for w in writes if w.parameters["ResourceId"].partition("/index/")[2] in {"", *indexes})


@st.composite
def _writes(draw, table):
    index = draw(st.sampled_from([None, *INDEXES]))
    unit = draw(st.sampled_from(UNITS))
    common = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{table}" + (f"/index/{index}" if index else ""),
        "ScalableDimension": f"dynamodb:{'index' if index else 'table'}:{unit}",
    }
    number = draw(st.integers(1, 3))
    match draw(st.sampled_from(["target", "policy", "custom policy", "action"])):
        case "target":
            return Change("RegisterScalableTarget", common | {"MinCapacity": number, "MaxCapacity": 10})
        case "policy":
            name = draw(st.sampled_from([f"{unit}:{common['ResourceId']}", "custom"]))
            metric = {"PredefinedMetricType": f"DynamoDB{unit}Utilization"}
            configuration = {"TargetValue": float(number), "PredefinedMetricSpecification": metric}
        case "custom policy":
            name = draw(st.sampled_from(["custom", "other"]))
            metric = {"Dimensions": [{"Name": "TableName", "Value": table}], "MetricName": f"metric-{number}"}
            configuration = {"TargetValue": 50.0, "CustomizedMetricSpecification": metric}
        case "action":
            action = {"ScheduledActionName": "night", "Schedule": f"rate({number} days)"}
            return Change("PutScheduledAction", common | action)
    policy = {"PolicyName": name, "TargetTrackingScalingPolicyConfiguration": configuration}
    return Change("PutScalingPolicy", common | policy)


def content(scaling):
    return {
        _part(write, scaling.table_name): _neutral(
            {key: value for key, value in write.parameters.items() if key != "PolicyName"}, scaling.table_name
        )
        for write in scaling.writes
    }


def _part(write, table):
    """Return what AWS has one of: a policy for each metric, an action of each name."""
    configuration = write.parameters.get("TargetTrackingScalingPolicyConfiguration", {})
    metric = {key: value for key, value in configuration.items() if key.endswith("Specification")}
    keys = ("ResourceId", "ScalableDimension", "ScheduledActionName")
    return write.operation, _neutral({**{key: write.parameters.get(key) for key in keys}, **metric}, table)


def _upserted_by(write, table):
    keys = ("ResourceId", "ScalableDimension", "PolicyName", "ScheduledActionName")
    return write.operation, _neutral({key: write.parameters.get(key) for key in keys}, table)


def _neutral(parameters, table):
    return json.dumps(parameters, sort_keys=True).replace(f"table/{table}", "table/*").replace(f'"{table}"', '"*"')


def written(scaling, change):
    part, name = _part(change, scaling.table_name), _upserted_by(change, scaling.table_name)
    others = tuple(write for write in scaling.writes if _upserted_by(write, scaling.table_name) != name)
    assert part not in {_part(write, scaling.table_name) for write in others}, "AWS takes one policy for each metric"
    return AutoScaling(scaling.table_name, scaling.billing_mode, scaling.indexes, (*others, change))


def _one_target(table, **capacity):
    parameters = {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{table}"}
    parameters |= {"ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    return AutoScaling(table, "PROVISIONED", {}, (Change("RegisterScalableTarget", parameters | capacity),))


DIFFERENCES = [
    (
        _one_target("orders", MinCapacity=5, MaxCapacity=50),
        _one_target("copy", MinCapacity=5, MaxCapacity=10),
        ["scalable target ReadCapacityUnits: MaxCapacity: 50 -> 10"],
    ),
    (
        _one_target("orders", MinCapacity=5, MaxCapacity=50),
        AutoScaling("copy", "PROVISIONED", {}, ()),
        ["scalable target ReadCapacityUnits (MinCapacity 5, MaxCapacity 50) -> (none)"],
    ),
]
