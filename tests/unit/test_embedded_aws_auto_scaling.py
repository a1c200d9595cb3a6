import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import EmbeddedAWS

CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
READ = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
INDEX = READ | {
    "ResourceId": "table/orders/index/by-day",
    "ScalableDimension": "dynamodb:index:ReadCapacityUnits",
}
TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
}
POLICY = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": TRACKING}


@pytest.fixture
def aws():
    with EmbeddedAWS() as embedded:
        index = {
            "IndexName": "by-day",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
            "ProvisionedThroughput": CAPACITY,
        }
        embedded.client("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            ProvisionedThroughput=CAPACITY,
            GlobalSecondaryIndexes=[index],
        )
        yield embedded


@pytest.fixture
def scaling(aws):
    return aws.client("application-autoscaling", parameter_validation=False)


@pytest.fixture
def targets(scaling):
    for target in (READ, INDEX):
        scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=50)


def refused(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_registering_is_an_upsert(scaling):
    arn = scaling.register_scalable_target(
        **READ, MinCapacity=5, MaxCapacity=50, SuspendedState={"ScheduledScalingSuspended": True}, Tags={"a": "1"}
    )["ScalableTargetARN"]
    assert scaling.register_scalable_target(**READ, MaxCapacity=60)["ScalableTargetARN"] == arn
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (5, 60)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_DynamoDBTable")
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "1"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"MinCapacity": None},
        {"MinCapacity": 51},
        {"MinCapacity": 0},
        {"ResourceId": "table/missing"},
        {"ResourceId": "table/orders/index/missing", "ScalableDimension": "dynamodb:index:ReadCapacityUnits"},
        {"ResourceId": "table/orders/index/by-day"},
        {"ResourceId": "orders"},
        {"ScalableDimension": "dynamodb:index:ReadCapacityUnits"},
        {"ScalableDimension": "ecs:service:DesiredCount"},
        {"ScalableDimension": "dynamodb:table:Colour"},
    ],
)
def test_targets_that_are_refused(scaling, parameters):
    sent = {**READ, "MinCapacity": 5, "MaxCapacity": 50} | parameters
    sent = {name: value for name, value in sent.items() if value is not None}
    assert refused(scaling.register_scalable_target, **sent) == "ValidationException"


def test_policies_and_schedules_need_the_target(scaling):
    assert refused(scaling.put_scaling_policy, **READ, PolicyName="p", **POLICY) == "ObjectNotFoundException"
    action = {"ScheduledActionName": "a", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
    assert refused(scaling.put_scheduled_action, **READ, **action) == "ObjectNotFoundException"


@pytest.mark.usefixtures("targets")
def test_policies_are_told_of_exactly_their_resource(scaling):
    scaling.put_scaling_policy(**READ, PolicyName="table", **POLICY)
    scaling.put_scaling_policy(**INDEX, PolicyName="index", **POLICY)

    def names(**filters):
        answer = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", **filters)
        return [policy["PolicyName"] for policy in answer["ScalingPolicies"]]

    assert names(ResourceId="table/orders") == ["table"]
    assert names(ResourceId=INDEX["ResourceId"], ScalableDimension=INDEX["ScalableDimension"]) == ["index"]
    assert names(ResourceId="table/orders", ScalableDimension="dynamodb:table:WriteCapacityUnits") == []
    assert names(PolicyNames=["index"]) == ["index"]
    assert names() == ["table", "index"]
    alone = {"ServiceNamespace": "dynamodb", "ScalableDimension": READ["ScalableDimension"]}
    assert refused(scaling.describe_scaling_policies, **alone) == "ValidationException"


@pytest.mark.usefixtures("targets")
def test_a_policy_makes_alarms(aws, scaling):
    answer = scaling.put_scaling_policy(**INDEX, PolicyName="p", **POLICY)
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == {alarm["AlarmName"] for alarm in answer["Alarms"]}
    assert all(name["AlarmName"].startswith("TargetTracking-table/orders/index/by-day-") for name in answer["Alarms"])
    assert alarms[0]["Dimensions"][1] == {"Name": "GlobalSecondaryIndexName", "Value": "by-day"}
    again = scaling.put_scaling_policy(**INDEX, PolicyName="p", **POLICY)
    assert again["PolicyARN"] == answer["PolicyARN"]
    scaling.delete_scaling_policy(**INDEX, PolicyName="p")
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"PolicyType": "StepScaling"},
        {"PolicyName": ""},
        {"PolicyName": "p" * 257},
        {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70}},
        {"TargetTrackingScalingPolicyConfiguration": TRACKING | {"TargetValue": 91}},
        {
            "TargetTrackingScalingPolicyConfiguration": TRACKING
            | {"PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}}
        },
    ],
)
@pytest.mark.usefixtures("targets")
def test_policies_that_are_refused(scaling, parameters):
    sent = {**READ, "PolicyName": "p", **POLICY} | parameters
    assert refused(scaling.put_scaling_policy, **sent) == "ValidationException"


@pytest.mark.usefixtures("targets")
def test_one_policy_a_metric(scaling):
    scaling.put_scaling_policy(**READ, PolicyName="p" * 256, **POLICY)
    assert refused(scaling.put_scaling_policy, **READ, PolicyName="q", **POLICY) == "ValidationException"
    custom = {"Namespace": "n", "MetricName": "m", "Statistic": "Average"}
    configuration = {"TargetValue": 1.0, "CustomizedMetricSpecification": custom}
    scaling.put_scaling_policy(
        **READ,
        PolicyName="q",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )


@pytest.mark.usefixtures("targets")
def test_scheduled_actions_are_upserts(scaling):
    action = READ | {"ScheduledActionName": "nightly"}

    def only_action():
        answer = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb", ResourceId="table/orders")
        (told,) = answer["ScheduledActions"]
        return told

    scaling.put_scheduled_action(
        **action,
        Schedule="cron(0 1 * * ? *)",
        Timezone="Europe/Berlin",
        StartTime=1_800_000_000,
        EndTime=1_900_000_000,
        ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2},
    )
    assert only_action()["StartTime"].timestamp() == 1_800_000_000
    assert only_action()["EndTime"].timestamp() == 1_900_000_000
    scaling.put_scheduled_action(**action, Schedule="at(2030-01-01T00:00:00)")
    told = only_action()
    assert (told["Schedule"], told["Timezone"]) == ("at(2030-01-01T00:00:00)", "Europe/Berlin")
    assert told["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 2}
    assert not {"StartTime", "EndTime"} & told.keys()
    scaling.delete_scheduled_action(**action)
    assert refused(scaling.delete_scheduled_action, **action) == "ObjectNotFoundException"


@pytest.mark.parametrize(
    "parameters",
    [
        {"Schedule": "tomorrow"},
        {"Schedule": "rate(0 days)"},
        {"Schedule": "cron(0 1 * * *)"},
        {"Schedule": None},
        {"ScalableTargetAction": None},
        {"Timezone": "Mars/Olympus"},
        {"StartTime": 2, "EndTime": 1},
        {"ScheduledActionName": "a:b"},
    ],
)
@pytest.mark.usefixtures("targets")
def test_schedules_that_are_refused(scaling, parameters):
    action = {"ScheduledActionName": "a", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
    sent = {name: value for name, value in (READ | action | parameters).items() if value is not None}
    assert refused(scaling.put_scheduled_action, **sent) == "ValidationException"


@pytest.mark.usefixtures("targets")
def test_describes_come_in_pages(scaling):
    for name in ("a", "b", "c"):
        action = {"ScheduledActionName": name, "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
        scaling.put_scheduled_action(**READ, **action)
    pages = scaling.get_paginator("describe_scheduled_actions").paginate(
        ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 2}
    )
    assert [len(answer["ScheduledActions"]) for answer in pages] == [2, 1]
    first = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", MaxResults=1)
    assert (len(first["ScalableTargets"]), "NextToken" in first) == (1, True)
    bad = {"ServiceNamespace": "dynamodb", "NextToken": "no"}
    assert refused(scaling.describe_scalable_targets, **bad) == "InvalidNextTokenException"
    many = {"ServiceNamespace": "dynamodb", "MaxResults": 11}
    assert refused(scaling.describe_scaling_policies, **many) == "ValidationException"


@pytest.mark.usefixtures("targets")
def test_deregistering_takes_all_with_it(scaling):
    scaling.put_scaling_policy(**READ, PolicyName="p", **POLICY)
    scaling.deregister_scalable_target(**READ)
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert refused(scaling.deregister_scalable_target, **READ) == "ObjectNotFoundException"


@pytest.mark.usefixtures("targets")
def test_regions_are_apart(aws):
    there = aws.client("application-autoscaling", "us-east-1")
    assert there.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_a_minimum_above_the_capacity_updates_the_table_seconds_later(aws, scaling):
    scaling.register_scalable_target(**READ, MinCapacity=20, MaxCapacity=50)

    def table():
        return aws.client("dynamodb").describe_table(TableName="orders")["Table"]

    assert table()["TableStatus"] == "ACTIVE"
    aws.clock.advance(10)
    assert (table()["TableStatus"], table()["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("UPDATING", 20)
    aws.clock.advance(5)
    assert table()["TableStatus"] == "ACTIVE"
