"""What is particular to the settings that few tables have, from the restore to the report."""

import json
import math
import re
from collections import Counter

import pytest

from table_sync import aws as function_clients
from table_sync.settings import SETTINGS
from tests.settings import (
    alarms,
    auto_scaling,
    contributor_insights,
    kinesis,
    modules,
    resource_policy,
    table_class,
    triggers,
)
from tests.support.tables import (
    INDEXES,
    REGION,
    index_of,
    make_source,
    make_table,
    of_table,
    restore,
    settings_of,
    wait_until_active,
)

MAXIMUM = {"MaxReadRequestUnits": 40, "MaxWriteRequestUnits": 20}
OF_INDEX = {"MaxReadRequestUnits": 30}
LOWER = {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1}


def last(pipeline, name):
    return pipeline.attempts[-1]["settings"][name]


def ready(aws, source="orders", target="orders-restored", **overrides):
    """Restore the table, and wait until it is ACTIVE."""
    restore(aws, source, target, **overrides)
    aws.clock.advance(400)


def sync(pipeline, **event):
    return pipeline.invoke(source_table="orders", target_table="orders-restored", **event)


# On-demand maximum throughput


@pytest.fixture
def limited(aws):
    make_table(aws, "orders", billing_mode="PAY_PER_REQUEST")
    update = {"Update": {"IndexName": INDEXES[1], "OnDemandThroughput": OF_INDEX}}
    client = aws.client("dynamodb")
    for change in ({"OnDemandThroughput": MAXIMUM}, {"GlobalSecondaryIndexUpdates": [update]}):
        client.update_table(TableName="orders", **change)
        aws.clock.advance(60)


@pytest.mark.usefixtures("limited")
def test_a_maximum_that_the_restore_kept_is_left_as_it_is(aws, pipeline):
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert last(pipeline, "on_demand_throughput")["status"] == "unchanged"
    assert "dynamodb:UpdateTable" not in pipeline.writes()
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("error_code", [None, "ThrottlingException", "ResourceInUseException"])
def test_a_maximum_that_was_overridden_becomes_the_source_s(aws, pipeline, error_code):
    restore(aws, "orders", "orders-restored", OnDemandThroughputOverride=LOWER)
    if error_code:
        aws.faults.add("UpdateTable", error_code, times=4)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert sync(pipeline)["settings"]["on_demand_throughput"]["status"] == "unchanged"


@pytest.mark.usefixtures("limited")
def test_the_maximums_of_table_and_index_are_two_calls_of_one_attempt(aws, pipeline):
    client = aws.client("dynamodb")
    restore(aws, "orders", "orders-restored", OnDemandThroughputOverride=LOWER)
    wait_until_active(aws, "orders-restored")
    lower = {"Update": {"IndexName": INDEXES[1], "OnDemandThroughput": {"MaxReadRequestUnits": 1}}}
    client.update_table(TableName="orders-restored", GlobalSecondaryIndexUpdates=[lower])
    aws.clock.advance(60)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    sent = [call.parameters for call in pipeline.calls() if call.operation == "UpdateTable"]
    assert [parameters.keys() - {"TableName"} for parameters in sent] == [
        {"OnDemandThroughput"},
        {"GlobalSecondaryIndexUpdates"},
    ]
    assert len(pipeline.attempts) == 1


@pytest.mark.usefixtures("limited")
def test_a_maximum_that_is_refused_for_good_ends_in_the_dlq(aws, pipeline):
    restore(aws, "orders", "orders-restored", OnDemandThroughputOverride=LOWER)
    aws.faults.add("UpdateTable", "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"] == "on_demand_throughput: UpdateTable: AccessDeniedException: not authorized"


@pytest.mark.usefixtures("limited")
def test_a_provisioned_target_has_no_maximum(aws, pipeline):
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    overrides = {
        "BillingModeOverride": "PROVISIONED",
        "ProvisionedThroughputOverride": capacity,
        "GlobalSecondaryIndexOverride": [index_of(name, {"ProvisionedThroughput": capacity}) for name in INDEXES],
    }
    restore(aws, "orders", "orders-restored", **overrides)
    pipeline.run()
    outcome = last(pipeline, "on_demand_throughput")
    assert (outcome["status"], outcome["reason"]) == ("skipped", "the target's billing mode is PROVISIONED")
    assert pipeline.attempts[-1]["outcome"] == "in_sync"


# Table class


@pytest.fixture
def infrequent(aws, pipeline):  # noqa: ARG001 (it has to be there when the table is restored)
    make_table(aws, "orders", indexes=())
    table_class.give(aws, "orders")
    ready(aws)


def change_class(aws, *classes):
    for name in classes:
        aws.client("dynamodb").update_table(TableName="orders-restored", TableClass=name)
        aws.clock.advance(10)


@pytest.mark.usefixtures("infrequent")
def test_a_class_that_may_not_be_changed_for_a_month_is_final_with_the_reason(aws, pipeline):
    change_class(aws, "STANDARD_INFREQUENT_ACCESS", "STANDARD")
    pipeline.run()
    (attempt,) = pipeline.attempts
    assert attempt["settings"]["table_class"]["status"] == "failed"
    (message,) = pipeline.quarantined
    assert message["reason"].startswith("table_class: UpdateTable: LimitExceededException: ")
    assert "by hand when 30 days have passed" in message["reason"]


@pytest.mark.usefixtures("infrequent")
def test_too_many_simultaneous_table_operations_are_not_final(aws, pipeline):
    busy = "Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously"
    aws.faults.add("UpdateTable", "LimitExceededException", busy, times=3)
    pipeline.run()
    assert pipeline.quarantined == []
    pipeline.assert_in_sync("orders", "orders-restored")


def test_update_table_concerns_follow_one_another_in_one_attempt(aws, pipeline):
    make_table(aws, "orders", indexes=(), stream_view_type="KEYS_ONLY")
    table_class.give(aws, "orders")
    aws.client("dynamodb").update_table(TableName="orders", DeletionProtectionEnabled=True)
    ready(aws)
    pipeline.run()
    assert len(pipeline.attempts) == 1
    updates = [call for call in pipeline.calls() if call.operation == "UpdateTable"]
    concerns = [sorted(call.parameters.keys() - {"TableName"}) for call in updates]
    assert concerns == [["DeletionProtectionEnabled"], ["StreamSpecification"], ["TableClass"]]
    assert [call.error for call in updates] == [None] * 3
    pipeline.assert_in_sync("orders", "orders-restored")


def test_deletion_protection_does_not_wait_for_an_update(aws, pipeline):
    make_table(aws, "orders", indexes=())
    aws.client("dynamodb").update_table(TableName="orders", DeletionProtectionEnabled=True)
    ready(aws)
    aws.delays.table_class = 3600
    change_class(aws, "STANDARD_INFREQUENT_ACCESS")
    assert sync(pipeline)["outcome"] == "in_sync"
    assert settings_of(aws, "orders-restored")["deletion_protection"] is True


# Contributor Insights


def test_insights_of_an_index_that_the_restore_dropped_are_left_out(aws, pipeline):
    make_table(aws, "orders")
    contributor_insights.give(aws, "orders")
    throughput = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
    restore(aws, "orders", "orders-restored", GlobalSecondaryIndexOverride=[index_of(INDEXES[1], throughput)])
    pipeline.run()
    assert INDEXES[0] in last(pipeline, "contributor_insights")["reason"]
    assert settings_of(aws, "orders-restored")["contributor_insights"] == {"": "THROTTLED_KEYS"}


def test_insights_that_aws_is_still_turning_on_are_waited_for(aws, pipeline):
    make_table(aws, "orders")
    contributor_insights.give(aws, "orders")
    ready(aws)
    aws.delays.contributor_insights = 60
    (first, *_) = pipeline.run_for(30)
    outcome = first["settings"]["contributor_insights"]
    assert outcome["status"] == "pending"
    assert f"Contributor Insights of index {INDEXES[0]} are ENABLING" in outcome["reason"]
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert pipeline.writes().count("dynamodb:UpdateContributorInsights") == 2


def test_insights_in_another_mode_get_the_source_s(aws, pipeline):
    make_table(aws, "orders")
    contributor_insights.give(aws, "orders")
    ready(aws)
    aws.client("dynamodb").update_contributor_insights(TableName="orders-restored", ContributorInsightsAction="ENABLE")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


# Resource policy


def put_policy(aws, arn, **statement):
    allow = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "dynamodb:Query", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [allow | statement]}
    aws.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    aws.clock.advance(5)


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": "*", "Action": "dynamodb:*"},
        {"Principal": {"AWS": "123456789012"}, "Action": "dynamodb:Update*"},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:role/table-sync"}, "Action": "dynamodb:TagResource"},
    ],
    ids=str,
)
def test_a_policy_that_would_lock_the_function_out_is_refused_and_all_else_comes_back(aws, pipeline, statement):
    arn = make_source(aws)
    put_policy(aws, arn, Sid="Lock", Effect="Deny", **statement)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith(
        "resource_policy: statement Lock of the policy would lock this function out of "
    )
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    assert {name for name in expected if expected[name] != actual[name]} == {"resource_policy"}
    assert "Lock" not in json.dumps(actual["resource_policy"])


def test_a_policy_that_spares_the_function_is_attached(aws, pipeline):
    arn = make_table(aws, "orders", indexes=())
    role = pipeline.function.role_arn
    spared = {"ArnNotEquals": {"aws:PrincipalArn": [role, "arn:aws:iam::123456789012:role/admin"]}}
    put_policy(aws, arn, Effect="Deny", Principal="*", Action="dynamodb:*", Condition=spared)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_policy_of_another_region_is_rewritten_to_the_target_s(aws, pipeline):
    arn = make_table(aws, "orders", region="us-east-1", indexes=(), stream_view_type="KEYS_ONLY")
    resource_policy.give(aws, "orders", "us-east-1")
    restore(aws, arn, "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored", source_region="us-east-1")


def test_a_policy_that_aws_keeps_in_another_form_is_written_once(aws, pipeline):
    arn = make_table(aws, "orders")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["444455556666", "arn:aws:iam::444455556666:root"]},
        "Action": ["dynamodb:Query"],
        "Resource": [arn],
    }
    policy = json.dumps({"Statement": statement, "Version": "2012-10-17"}, indent=2)
    aws.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=policy)
    aws.clock.advance(60)
    ready(aws)
    assert sync(pipeline)["settings"]["resource_policy"]["status"] == "applied"
    aws.clock.advance(60)
    assert sync(pipeline)["settings"]["resource_policy"] == {"status": "unchanged", "reason": "", "changes": []}
    assert pipeline.writes().count("dynamodb:PutResourcePolicy") == 1
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize("seconds", [0, 5, 10])
def test_a_policy_is_put_again_while_aws_takes_no_other(aws, pipeline, seconds):
    make_source(aws)
    ready(aws)
    target = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["TableArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "dynamodb:Scan",
        "Resource": target,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("dynamodb").put_resource_policy(ResourceArn=target, Policy=json.dumps(policy))
    aws.clock.advance(seconds)
    assert sync(pipeline)["outcome"] in {"in_sync", "waiting"}
    aws.clock.advance(60)
    sync(pipeline)
    aws.clock.advance(60)
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_policy_that_somebody_changes_meanwhile_is_read_again_before_it_is_replaced(aws, pipeline):
    put_policy(aws, make_table(aws, "orders", indexes=()), Sid="Wanted")
    ready(aws)
    target = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["TableArn"]
    aws.faults.before("PutResourcePolicy", lambda _: put_policy(aws, target, Sid="Meanwhile"))
    pipeline.run()
    puts = [call for call in pipeline.calls() if call.operation == "PutResourcePolicy"]
    # AWS takes no other policy within 15 s of the last one.
    refused, last = [call.error for call in puts[:-1]], puts[-1]
    assert refused == ["PolicyNotFoundException", *["ResourceInUseException"] * (len(refused) - 1)]
    assert last.error is None
    assert last.parameters["ExpectedRevisionId"] != puts[0].parameters["ExpectedRevisionId"] == "NO_POLICY"
    pipeline.assert_in_sync("orders", "orders-restored")


# Alarms


def alarm_names(aws):
    pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
    return {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}


def test_alarms_get_names_of_their_own_and_the_source_s_stay_as_they_are(aws, pipeline):
    make_table(aws, "orders")
    alarms.give(aws, "orders")
    before = alarm_names(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert alarm_names(aws) - before == {
        "orders-restored-throttles",
        "nearly all of orders-restored",
        "an index is throttled-orders-restored",
    }
    restore(aws, "orders", "orders-again")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-again")
    pipeline.assert_in_sync("orders", "orders-restored")


def test_alarms_on_every_page_are_copied_once(aws, pipeline):
    make_table(aws, "orders", indexes=())
    client = aws.client("cloudwatch")
    rule = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1.0}
    on_metric = {"Namespace": "AWS/DynamoDB", "MetricName": "SystemErrors", "Statistic": "Sum", "Period": 60, **rule}
    for number in range(120):
        name = "orders" if number % 60 == 59 else f"other-{number}"
        client.put_metric_alarm(AlarmName=f"errors-{number}", Dimensions=of_table(name), **on_metric)
    ready(aws)
    assert sync(pipeline)["settings"]["alarms"]["status"] == "applied"
    assert pipeline.writes().count("cloudwatch:PutMetricAlarm") == 2
    assert sync(pipeline)["settings"]["alarms"]["status"] == "unchanged"
    assert len(alarm_names(aws)) == 122


def test_alarms_of_auto_scaling_are_left_to_it(aws, pipeline):
    make_table(aws, "orders", indexes=())
    auto_scaling.give(aws, "orders", index=None)
    assert any(name.startswith("TargetTracking-table/orders-") for name in alarm_names(aws))
    ready(aws)
    pipeline.run()
    assert last(pipeline, "alarms")["status"] == "unchanged"
    assert "cloudwatch:PutMetricAlarm" not in pipeline.writes()


@pytest.mark.parametrize(
    ("destination", "reason"),
    [
        ("absent", "the source has no kinesis: alarm lag of orders is left out"),
        ("off", "kinesis is skipped: alarm lag of orders is left out"),
        ("copied", ""),
    ],
)
def test_an_alarm_on_kinesis_metrics_needs_the_destination(aws, deploy, destination, reason):
    pipeline = deploy(**({"ENABLE_KINESIS_SETTINGS": "false"} if destination == "off" else {}))
    make_table(aws, "orders", indexes=())
    if destination != "absent":
        kinesis.give(aws, "orders")
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="lag of orders",
        Namespace="AWS/DynamoDB",
        MetricName="AgeOfOldestUnreplicatedRecord",
        Dimensions=[*of_table("orders"), {"Name": "DelegatedOperation", "Value": "PutRecord"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert last(pipeline, "alarms")["reason"] == reason
    assert ("lag of orders-restored" in alarm_names(aws)) == (destination == "copied")


def test_many_alarms_that_cloudwatch_throttles_are_put_as_fast_as_it_takes_them(aws, pipeline):
    make_table(aws, "orders", indexes=())
    rule = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1.0}
    on_metric = {"Namespace": "AWS/DynamoDB", "MetricName": "SystemErrors", "Statistic": "Sum", "Period": 60, **rule}
    for number in range(30):
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName=f"orders-{number}", Dimensions=of_table("orders"), **on_metric
        )
    ready(aws)
    aws.rate_limits.enforced = True
    pipeline.run()
    aws.rate_limits.enforced = False
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert len(pipeline.attempts) <= 3
    pipeline.assert_in_sync("orders", "orders-restored")


# Tags


def test_a_table_made_by_cloudformation_gets_its_own_tags_and_none_of_aws(aws, pipeline):
    arn = make_table(aws, "orders", indexes=())
    own = {f"tag-{number}": "x" for number in range(50)}
    dynamodb = aws.client("dynamodb")
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in own.items()])
    aws.dynamodb.assign_tags(arn, {f"aws:cloudformation:{name}": "orders" for name in ("stack-name", "logical-id")})
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    aws.clock.advance(10)
    assert settings_of(aws, "orders-restored")["tags"] == own


# Tags of what belongs to a table


def test_tags_of_mappings_wait_until_the_mappings_are_made(aws, pipeline):
    make_source(aws)
    ready(aws)
    aws.delays.mapping = 60
    (first, *_) = pipeline.run_for(30)
    assert first["settings"]["triggers"]["status"] == "pending"
    outcome = first["settings"]["event_source_mapping_tags"]
    assert (outcome["status"], outcome["reason"]) == ("pending", "triggers is pending")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_tags_wait_for_scalable_targets_that_do_not_show_yet(aws, pipeline):
    """DescribeScalableTargets is eventually consistent, which the embedded AWS does not show by itself."""
    make_source(aws)
    ready(aws)
    registered = []
    hidden = aws.auto_scaling.describe_scalable_targets

    def describe_scalable_targets(call):
        answer = hidden(call)
        if registered and aws.clock.now() < registered[0] + 4:
            answer["ScalableTargets"] = []
        return answer

    aws.auto_scaling.describe_scalable_targets = describe_scalable_targets
    aws.faults.before("PutScheduledAction", lambda call: registered.append(call.at), times=math.inf)
    pipeline.run()
    assert registered
    assert pipeline.quarantined == []
    assert len(pipeline.attempts) == 1
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize(
    ("parent", "child", "service"),
    [
        ("auto_scaling", "scalable_target_tags", "application-autoscaling"),
        ("triggers", "event_source_mapping_tags", "lambda"),
    ],
)
def test_without_what_they_are_on_tags_are_skipped_and_nothing_is_called(aws, deploy, parent, child, service):
    toggle = next(setting.TOGGLE for setting in SETTINGS if parent == setting.NAME)
    pipeline = deploy(**{toggle.upper(): "false"})
    make_source(aws)
    ready(aws)
    pipeline.run()
    outcome = last(pipeline, child)
    assert (outcome["status"], outcome["reason"]) == ("skipped", f"{parent} is skipped")
    assert service not in {call.service for call in pipeline.calls()}


def test_one_trigger_that_fails_keeps_no_other_from_its_tags(aws, pipeline):
    make_source(aws)
    mappings = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    for mapping in mappings:
        aws.client("lambda").tag_resource(Resource=mapping["EventSourceMappingArn"], Tags={"owner": "us"})
    restore(aws, "orders", "orders-restored")
    aws.faults.add(
        "CreateEventSourceMapping",
        "AccessDeniedException",
        "not authorized",
        times=math.inf,
        when=lambda call: "orders-audit" in call.parameters["FunctionName"],
    )
    pipeline.run()
    assert [next(iter(tags)) for tags in settings_of(aws, "orders-restored")["event_source_mapping_tags"].values()] == [
        "owner"
    ]
    outcome = last(pipeline, "event_source_mapping_tags")
    assert outcome["status"] == "applied"
    assert "orders-audit is not on the target" in outcome["reason"]


# Triggers that are created disabled


def test_triggers_can_be_created_disabled_and_are_then_left_to_whoever_enables_them(aws, deploy):
    pipeline = deploy(CREATE_TRIGGERS_DISABLED="true")
    make_table(aws, "orders", indexes=(), stream_view_type="KEYS_ONLY")
    triggers.give(aws, "orders")
    ready(aws)
    pipeline.run()
    mappings = settings_of(aws, "orders-restored")["triggers"]
    assert [mapping["State"] for mapping in mappings.values()] == ["Disabled", "Disabled"]
    assert mappings.keys() == settings_of(aws, "orders")["triggers"].keys()
    outcome = last(pipeline, "triggers")
    assert (outcome["status"], outcome["reason"]) == ("applied", "")
    again = sync(pipeline, dry_run=True)
    assert again["outcome"] == "in_sync"
    assert again["settings"]["triggers"] == {"status": "unchanged", "reason": "", "changes": []}
    client = aws.client("lambda")
    stream = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["LatestStreamArn"]
    for mapping in client.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    aws.clock.advance(120)
    writes = len(pipeline.writes())
    assert sync(pipeline)["outcome"] == "in_sync"
    assert len(pipeline.writes()) == writes
    states = {mapping["State"] for mapping in settings_of(aws, "orders-restored")["triggers"].values()}
    assert states == {"Enabled"}


# The defaults


def test_by_default_nothing_that_costs_or_reaches_others_is_read_or_written(aws, deploy):
    pipeline = deploy(**{setting.TOGGLE.upper(): str(setting.DEFAULT) for setting in SETTINGS})
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    off = {setting.NAME for setting in SETTINGS if not setting.DEFAULT}
    assert {name for name in expected if expected[name] != actual[name]} == off
    assert {last(pipeline, name)["status"] for name in off} == {"skipped"}
    services = {call.service for call in pipeline.calls()}
    assert services == {"application-autoscaling", "dynamodb", "events", "lambda", "sqs"}
    operations = Counter(call.operation for call in pipeline.calls())
    assert not [name for name in operations if "ContributorInsights" in name or "ResourcePolicy" in name]


def test_an_alarm_on_the_stream_comes_back_on_the_target_s(aws, pipeline):
    make_table(aws, "orders", indexes=(), stream_view_type="KEYS_ONLY")
    label = aws.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamLabel"]
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="orders-readers",
        Namespace="AWS/DynamoDB",
        MetricName="ReturnedRecordsCount",
        Dimensions=[*of_table("orders"), {"Name": "StreamLabel", "Value": label}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=5,
        Threshold=1.0,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    new_label = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["LatestStreamLabel"]
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["orders-restored-readers"])["MetricAlarms"]
    assert new_label != label
    assert alarm["Dimensions"] == [*of_table("orders-restored"), {"Name": "StreamLabel", "Value": new_label}]


# A runtime whose boto3 is older than a feature


def without_operation(monkeypatch, service, method):
    monkeypatch.delattr(type(function_clients.client(service, REGION)), method)


def without_parameter(monkeypatch, service, operation, parameter):
    model = function_clients.client(service, REGION).meta.service_model.operation_model(operation)
    monkeypatch.delitem(model.input_shape.members, parameter)


@pytest.mark.parametrize(
    ("name", "outdated"),
    [
        ("contributor_insights", (without_operation, "dynamodb", "list_contributor_insights")),
        ("resource_policy", (without_operation, "dynamodb", "get_resource_policy")),
        ("resource_policy", (without_parameter, "dynamodb", "PutResourcePolicy", "ExpectedRevisionId")),
        ("scalable_target_tags", (without_operation, "application-autoscaling", "list_tags_for_resource")),
    ],
    ids=["contributor_insights", "resource_policy", "ExpectedRevisionId", "scalable_target_tags"],
)
def test_a_feature_newer_than_boto3_is_a_clear_reason_and_keeps_nothing_else(
    aws, pipeline, monkeypatch, name, outdated
):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    take_away, *feature = outdated
    take_away(monkeypatch, *feature)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith(f"{name}: boto3 ")
    assert "of this runtime cannot make the call" in message["reason"]
    assert feature[-1] in message["reason"]
    failed = {
        setting for setting, outcome in pipeline.attempts[-1]["settings"].items() if outcome["status"] == "failed"
    }
    assert failed == {name}


@pytest.mark.parametrize("name", [name for name, module in modules().items() if hasattr(module, "NEWER_FIELD")])
def test_a_field_that_boto3_would_drop_is_a_clear_reason_and_nothing_is_made_without_it(
    aws, pipeline, monkeypatch, name
):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    service, shape, field = modules()[name].NEWER_FIELD
    models = function_clients.session().get_component("data_loader")
    monkeypatch.delitem(models.load_service_model(service, "service-2")["shapes"][shape]["members"], field)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert re.fullmatch(
        rf"{name}: boto3 \S+ of this runtime is too old to read {field} of {shape}: update it", message["reason"]
    )
    report = pipeline.attempts[-1]["settings"]
    assert {setting for setting, outcome in report.items() if outcome["status"] == "failed"} == {name}
    assert report[name]["changes"] == []


def test_the_read_permissions_of_a_policy_are_named_when_they_are_missing(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.faults.add("GetResourcePolicy", "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"] == "resource_policy: GetResourcePolicy: AccessDeniedException: not authorized"
