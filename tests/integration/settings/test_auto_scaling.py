"""Auto scaling, from the restore to the report."""

import pytest

from tests.settings import auto_scaling
from tests.support.pipeline import sync
from tests.support.tables import INDEXES, index_of, make_source, make_table, restore, settings_of, wait_until_active


def test_auto_scaling_follows_an_on_demand_target(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored", BillingModeOverride="PAY_PER_REQUEST")
    pipeline.run()
    outcome = pipeline.attempts[-1]["settings"]["auto_scaling"]
    assert (outcome["status"], outcome["reason"]) == ("skipped", "the target's billing mode is PAY_PER_REQUEST")
    assert settings_of(aws, "orders-restored")["auto_scaling"] == []
    assert pipeline.attempts[-1]["outcome"] == "in_sync"


def test_auto_scaling_follows_a_provisioned_target(aws, pipeline):
    """The source is on demand and has kept its targets, which a provisioned target can use."""
    make_table(aws, "orders", indexes=())
    auto_scaling.give(aws, "orders", index=None)
    aws.client("dynamodb").update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    aws.clock.advance(600)
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    overrides = {"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": throughput}
    restore(aws, "orders", "orders-restored", **overrides)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_an_index_that_the_restore_dropped_is_left_out_and_the_rest_scales(aws, pipeline):
    make_source(aws)
    throughput = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
    restore(aws, "orders", "orders-restored", GlobalSecondaryIndexOverride=[index_of(INDEXES[0], throughput)])
    pipeline.run()
    outcome = pipeline.attempts[-1]["settings"]["auto_scaling"]
    assert INDEXES[1] in outcome["reason"]
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    expected = [entry for entry in settings_of(aws, "orders")["auto_scaling"] if INDEXES[1] not in entry]
    assert settings_of(aws, "orders-restored")["auto_scaling"] == expected


def test_scheduled_actions_that_are_over_are_left_out(aws, pipeline):
    make_table(aws, "orders", indexes=())
    auto_scaling.give(aws, "orders", index=None)
    client = aws.client("application-autoscaling")
    client.put_scheduled_action(
        ServiceNamespace="dynamodb",
        ResourceId="table/orders",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        ScheduledActionName="past",
        Schedule="at(2020-01-01T00:00:00)",
        ScalableTargetAction={"MinCapacity": 1},
    )
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    expected = [entry for entry in settings_of(aws, "orders")["auto_scaling"] if '"past"' not in entry]
    assert settings_of(aws, "orders-restored")["auto_scaling"] == expected


def test_a_scheduled_action_in_utc_is_equal_whether_it_says_so_or_not(aws, pipeline):
    make_table(aws, "orders", indexes=())
    auto_scaling.give(aws, "orders", index=None)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    action = {
        "ServiceNamespace": "dynamodb",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "ScheduledActionName": "nightly",
        "Schedule": "cron(0 1 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 1},
    }
    client = aws.client("application-autoscaling")
    client.put_scheduled_action(**action, ResourceId="table/orders")
    client.put_scheduled_action(**action, ResourceId="table/orders-restored", Timezone="UTC")
    report = sync(pipeline)
    assert report["settings"]["auto_scaling"]["status"] == "unchanged"


@pytest.mark.parametrize(("utilization", "puts"), [(70.0, []), (50.0, ["of a template"])])
def test_a_scaling_policy_that_the_target_has_under_another_name_is_the_same_policy(aws, pipeline, utilization, puts):
    make_table(aws, "orders", indexes=())
    auto_scaling.scale(aws, "orders", "dynamodb:table:ReadCapacityUnits")
    aws.restore_seconds = 10
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    client = aws.client("application-autoscaling")
    (policy,) = client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    target = {key: policy[key] for key in ("ServiceNamespace", "ScalableDimension")} | {
        "ResourceId": "table/orders-restored"
    }
    client.register_scalable_target(**target, MinCapacity=5, MaxCapacity=100)
    configuration = policy["TargetTrackingScalingPolicyConfiguration"] | {"TargetValue": utilization}
    client.put_scaling_policy(
        **target,
        PolicyName="of a template",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    made = [call.parameters["PolicyName"] for call in pipeline.calls() if call.operation == "PutScalingPolicy"]
    assert made == puts
    (restored,) = client.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId="table/orders-restored")[
        "ScalingPolicies"
    ]
    assert restored["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.0
