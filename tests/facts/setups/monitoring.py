"""What has to be there before the calls to Application Auto Scaling and CloudWatch."""

from tests.facts.facts import observation, setup
from tests.facts.setups.dynamodb import provisioned_table

READ_CAPACITY = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
TRACKING = {
    "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
    "TargetValue": 70.0,
}


@setup
def minimal_alarm(aws):
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="min",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="m",
        Namespace="ns",
        Period=10,
        Statistic="Sum",
        Threshold=30.0,
    )


@setup
def scalable_target(aws):
    provisioned_table(aws)
    aws.client("application-autoscaling").register_scalable_target(MinCapacity=5, MaxCapacity=50, **READ_CAPACITY)


@setup
def scaling_policy(aws):
    scalable_target(aws)
    aws.client("application-autoscaling").put_scaling_policy(
        PolicyName="MyPolicy",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
        **READ_CAPACITY,
    )


@observation
def definitions_of_the_alarms(aws, call):
    names = [alarm["AlarmName"] for alarm in call()["Alarms"]]
    parts = ("MetricName", "Statistic", "Period", "EvaluationPeriods", "ComparisonOperator")
    alarms = aws.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    kinds = ("AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh")
    return {
        kind: [alarm[part] for part in parts] for kind in kinds for alarm in alarms if f"-{kind}-" in alarm["AlarmName"]
    }


@observation
def alarms_that_are_left(aws, call):
    call()
    return aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="TargetTracking-")["MetricAlarms"]
