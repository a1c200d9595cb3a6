"""What stands in the way of a restore, and that it always ends well or with the reason."""

import json
import math

import pytest

from table_sync.aws import Table
from table_sync.settings import SETTINGS
from table_sync.sync import Reconciliation
from table_sync.time_sharing import RESERVED_SECONDS
from tests.settings import auto_scaling, kinesis, modules, stream
from tests.support.tables import (
    FILTER,
    INDEXES,
    REGION,
    index_of,
    let_read_streams,
    make_function,
    make_source,
    make_table,
    restore,
    settings_of,
    wait_until_active,
)

# No table has both auto scaling and an on-demand maximum, whose share of these tests is in test_more_settings.py.
WRITES = {name: module.WRITE for name, module in modules().items() if not hasattr(module, "BILLING_MODE")}
NEEDS = {name: module.NEEDS for name, module in modules().items() if hasattr(module, "NEEDS")}


def lost_with(name):
    """Return the setting with those that cannot come back without it."""
    return {name}.union(*(lost_with(other) for other, needed in NEEDS.items() if needed == name))


def refuse(aws, name, error_code, message, times):
    operation, parameter = WRITES[name]
    return aws.faults.add(
        operation,
        error_code,
        message,
        times=times,
        when=lambda call: (
            parameter in call.parameters and "orders-restored" in json.dumps(call.parameters, default=str)
            if parameter not in {"ResourceARN", "Tags"}
            else call.principal.arn.endswith("/table-sync")
        ),
    )


@pytest.mark.parametrize("name", WRITES)
def test_a_throttled_setting_keeps_no_other_waiting(aws, pipeline, name):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    # The SDK tries twice in an attempt.
    fault = refuse(aws, name, "ThrottlingException", "Rate exceeded", times=2)
    (first, *_) = pipeline.run_for(30)
    assert fault.met
    waiting = lost_with(name)
    statuses = {setting: outcome["status"] for setting, outcome in first["settings"].items()}
    assert {setting for setting, status in statuses.items() if status == "pending"} >= waiting
    assert {statuses[setting] for setting in WRITES.keys() - waiting} == {"applied"}
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize("name", WRITES)
def test_a_setting_that_is_refused_for_good_ends_in_the_dlq_after_the_others(aws, pipeline, name):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    refuse(aws, name, "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["body"] == pipeline.invocations[0].event["Records"][0]["body"]
    operation = WRITES[name][0].partition(":")[2]
    assert f"{name}: {operation}: AccessDeniedException: not authorized" in message["reason"]
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    lost = lost_with(name)
    assert {setting for setting, value in expected.items() if actual[setting] != value} == lost


def test_a_redrive_from_the_dlq_finishes_what_was_refused(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.faults.add("TagResource", "AccessDeniedException", times=1)
    pipeline.run()
    (message,) = pipeline.quarantined
    pipeline.send(message["body"])
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def status_and_reason(pipeline, name):
    outcome = pipeline.attempts[-1]["settings"][name]
    return outcome["status"], outcome["reason"]


def test_a_destination_whose_kinesis_stream_is_gone_is_left_out(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.client("kinesis").delete_stream(StreamName="changes")
    stream = f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"
    left_out = f"{stream} does not exist: the destination is left out"
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, "kinesis") == ("applied", left_out)
    assert pipeline.quarantined == []
    before = len(pipeline.writes())
    again = pipeline.invoke(source_table="orders", target_table="orders-restored")
    assert (again["settings"]["kinesis"]["status"], again["settings"]["kinesis"]["reason"]) == ("unchanged", left_out)
    assert len(pipeline.writes()) == before


@pytest.mark.parametrize(
    "refusal",
    [
        ("DescribeStreamSummary", "AccessDeniedException"),
        ("kinesis:DescribeStreamSummary", "AccessDeniedException"),
        ("DescribeStreamSummary", "ReadTimeout"),
    ],
)
def test_a_kinesis_stream_that_cannot_be_described_is_not_called_gone(aws, pipeline, refusal):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.client("kinesis").delete_stream(StreamName="changes")
    aws.faults.add(*refusal, times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert "stream/changes is ENABLE_FAILED: User does not have a permission" in message["reason"]


def test_a_kinesis_stream_whose_description_is_throttled_is_asked_about_again(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.client("kinesis").delete_stream(StreamName="changes")
    aws.faults.throttle("DescribeStreamSummary", times=12)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, "kinesis")[1].endswith("does not exist: the destination is left out")
    assert pipeline.writes().count("dynamodb:EnableKinesisStreamingDestination") == 1


def test_a_table_that_streams_elsewhere_keeps_its_destination(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    kinesis.give(aws, "orders-restored", stream="other")
    pipeline.run()
    arn = f"arn:aws:kinesis:{REGION}:{aws.account}:stream"
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, "kinesis") == (
        "unchanged",
        f"the target streams to {arn}/other, which is left alone: a table has one destination, so not to {arn}/changes",
    )
    assert settings_of(aws, "orders-restored")["kinesis"] == {f"{arn}/other": "MICROSECOND"}
    assert "dynamodb:EnableKinesisStreamingDestination" not in pipeline.writes()


@pytest.mark.parametrize("disabled", [False, True])
def test_a_destination_with_the_default_precision_gets_the_source_s(aws, pipeline, disabled):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    stream = {"TableName": "orders-restored", "StreamArn": f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"}
    client = aws.client("dynamodb")
    client.enable_kinesis_streaming_destination(**stream)
    aws.clock.advance(10)
    if disabled:
        client.disable_kinesis_streaming_destination(**stream)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    writes = [write for write in pipeline.writes() if "Kinesis" in write]
    verb = "Enable" if disabled else "Update"
    assert writes == [f"dynamodb:{verb}KinesisStreamingDestination"]


def test_a_source_with_the_default_precision_is_equal(aws, pipeline):
    make_table(aws, "orders")
    aws.client("kinesis").create_stream(StreamName="changes", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"
    aws.client("dynamodb").enable_kinesis_streaming_destination(TableName="orders", StreamArn=stream)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert settings_of(aws, "orders-restored")["kinesis"] == {stream: None}
    again = pipeline.invoke(source_table="orders", target_table="orders-restored")
    assert again["settings"]["kinesis"] == {"status": "unchanged", "reason": "", "changes": []}


def test_a_destination_that_somebody_updates_is_waited_for(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    stream = {"TableName": "orders-restored", "StreamArn": f"arn:aws:kinesis:{REGION}:{aws.account}:stream/changes"}
    client = aws.client("dynamodb")
    client.enable_kinesis_streaming_destination(
        **stream, EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    )
    aws.clock.advance(10)
    client.update_kinesis_streaming_destination(
        **stream, UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MILLISECOND"}
    )
    (first,) = pipeline.run_for(30)
    assert first["settings"]["kinesis"]["status"] == "pending"
    assert first["settings"]["kinesis"]["reason"].endswith("stream/changes is UPDATING")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_trigger_whose_function_is_gone_is_left_out_with_its_tags(aws, pipeline):
    make_source(aws)
    aws.client("lambda").delete_function(FunctionName="orders-audit")
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    left_out = f"arn:aws:lambda:{REGION}:{aws.account}:function:orders-audit does not exist: its trigger is left out"
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert pipeline.quarantined == []
    assert status_and_reason(pipeline, "event_source_mapping_tags") == ("unchanged", left_out)
    status, reason = status_and_reason(pipeline, "triggers")
    assert status in {"applied", "unchanged"}
    assert reason == left_out
    assert [arn.split(":function:")[1] for arn in settings_of(aws, "orders-restored")["triggers"]] == [
        "orders-index:live"
    ]


@pytest.mark.parametrize(
    ("code", "message", "outcome"),
    [
        ("ResourceNotFoundException", "Function not found", "in_sync"),
        ("InvalidParameterValueException", "Cannot access stream. Please ensure the role can read it.", "failed"),
        ("AccessDeniedException", "not authorized to perform: lambda:CreateEventSourceMapping", "failed"),
        ("TooManyRequestsException", "Rate exceeded", "failed"),
    ],
)
def test_a_trigger_is_left_out_only_because_its_function_is_gone(aws, deploy, code, message, outcome):
    pipeline = deploy(max_attempts=3, MAX_ATTEMPTS="3")
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    aws.faults.add(
        "CreateEventSourceMapping",
        code,
        message,
        times=math.inf,
        when=lambda call: "orders-audit" in call.parameters["FunctionName"],
    )
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == outcome
    made = [arn.split(":function:")[1] for arn in settings_of(aws, "orders-restored")["triggers"]]
    # What is throttled is tried again before the next.
    assert made == ([] if code == "TooManyRequestsException" else ["orders-index:live"])


# A read of each setting that makes calls of its own, as a Region answers that does not have them.
READS = {
    "tags": "dynamodb:ListTagsOfResource",
    "kinesis": "dynamodb:DescribeKinesisStreamingDestination",
    "contributor_insights": "dynamodb:ListContributorInsights",
    "triggers": "lambda:ListEventSourceMappings",
    "event_source_mapping_tags": "lambda:ListTags",
    "resource_policy": "dynamodb:GetResourcePolicy",
    "ttl": "dynamodb:DescribeTimeToLive",
    "pitr": "dynamodb:DescribeContinuousBackups",
    "alarms": "cloudwatch:DescribeAlarms",
    "auto_scaling": "application-autoscaling:DescribeScalableTargets",
    "scalable_target_tags": "application-autoscaling:ListTagsForResource",
}


@pytest.mark.parametrize("name", READS)
def test_an_api_that_the_region_does_not_offer_is_skipped_and_keeps_nothing_else(aws, pipeline, name):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    code = "InvalidAction" if name == "alarms" else "UnknownOperationException"
    aws.faults.add(READS[name], code, times=math.inf, when=lambda call: call.principal.arn.endswith("/table-sync"))
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    status, reason = status_and_reason(pipeline, name)
    assert status == "skipped"
    assert reason.startswith(f"the Region does not offer it: {READS[name].partition(':')[2]}: {code}")
    assert pipeline.quarantined == []
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    assert {s for s, value in expected.items() if actual[s] != value} == lost_with(name)


@pytest.mark.parametrize("name", ["tags", "stream", "auto_scaling"])
def test_a_write_that_the_region_does_not_offer_is_skipped(aws, pipeline, name):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    refuse(aws, name, "UnknownOperationException", "", times=math.inf)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, name)[0] == "skipped"
    assert pipeline.quarantined == []


def test_a_table_that_cannot_be_described_is_in_sync_with_nothing(aws, pipeline):
    make_table(aws, "orders")
    restore(aws, "orders", "orders-restored")
    aws.faults.add("DescribeTable", "UnknownOperationException", times=math.inf)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "failed"


def test_a_trigger_whose_filter_cannot_be_decrypted_is_not_made_without_it(aws, pipeline):
    make_source(aws)
    table = aws.client("dynamodb").describe_table(TableName="orders")["Table"]
    mapping = aws.client("lambda").create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"],
        FunctionName=make_function(aws, "secret"),
        StartingPosition="LATEST",
        FilterCriteria=FILTER,
        KMSKeyArn=f"arn:aws:kms:{REGION}:{aws.account}:key/00000000-0000-0000-0000-000000000000",
    )
    aws.lambda_.lose_filter_key(REGION, mapping["UUID"])
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert "function:secret cannot be read (KMSDisabledException: " in message["reason"]
    assert [arn.split(":function:")[1] for arn in settings_of(aws, "orders-restored")["triggers"]] == [
        "orders-audit",
        "orders-index:live",
    ]


@pytest.mark.parametrize(
    ("function", "lost"),
    [
        ("orders-audit", {"triggers", "event_source_mapping_tags"}),
        # Its mapping is disabled, and has no tags.
        ("orders-index", {"triggers"}),
    ],
)
def test_a_trigger_whose_function_may_read_the_source_s_stream_only(aws, pipeline, function, lost):
    make_source(aws)
    let_read_streams(aws, function, "orders")
    pipeline.enforce_permissions()
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    stream = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["LatestStreamArn"]
    (message,) = aws.sqs.messages(pipeline.function.dlq_arn)
    assert message.body == pipeline.invocations[0].event["Records"][0]["body"]
    reason = message.attributes["FailureReason"]["StringValue"]
    refusal = f"CreateEventSourceMapping: InvalidParameterValueException: Cannot access stream {stream}. "
    assert reason.startswith(f"triggers: {refusal}Please ensure the role can perform the GetRecords,")
    assert pipeline.attempts[-1]["settings"]["triggers"]["status"] == "failed"
    aws.clock.advance(120)  # what is still ENABLING
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    assert {setting for setting, value in expected.items() if actual[setting] != value} == lost

    let_read_streams(aws, function, "*")
    deployed = pipeline.function
    aws.client("sqs").start_message_move_task(SourceArn=deployed.dlq_arn, DestinationArn=deployed.queue_arn)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert aws.sqs.messages(pipeline.function.dlq_arn) == []
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_deleted_source_is_final_at_the_first_attempt(aws, pipeline):
    make_table(aws, "orders")
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    aws.client("dynamodb").delete_table(TableName="orders")
    aws.clock.advance(60)
    pipeline.run()
    (attempt,) = pipeline.attempts
    assert attempt["outcome"] == "failed"
    (message,) = pipeline.quarantined
    assert "orders was not found" in message["reason"]
    assert pipeline.writes() == []


def test_what_somebody_else_does_to_the_target_meanwhile_is_seen_in_the_same_attempt(aws, pipeline):
    make_table(aws, "orders")
    stream.give(aws, "orders")
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.faults.before("UpdateTable", lambda _: stream.give(aws, "orders-restored"), when=pipeline.made)
    report = pipeline.invoke(source_table="orders", target_table="orders-restored")
    assert report["outcome"] == "in_sync"
    assert report["settings"]["stream"] == {"status": "unchanged", "reason": "", "changes": []}


def test_a_target_that_is_deleted_meanwhile_is_not_asked_again_and_again(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.faults.before(
        "ListTagsOfResource",
        lambda _: aws.client("dynamodb").delete_table(TableName="orders-restored"),
        when=lambda call: pipeline.made(call) and call.parameters["ResourceArn"].endswith("/orders-restored"),
    )
    report = pipeline.invoke(source_table="orders", target_table="orders-restored")
    assert (report["outcome"], report["reason"]) == ("failed", f"Table orders-restored was not found in {REGION}.")
    assert pipeline.calls()[-1].operation == "DescribeTable"


def test_a_deleted_target_ends_after_a_few_attempts(aws, pipeline):
    make_table(aws, "orders")
    aws.restore_seconds = 600
    restore(aws, "orders", "orders-restored")
    pipeline.run_for(630)
    before = len(pipeline.attempts)
    make_gone(aws, "orders-restored")
    pipeline.run()
    assert len(pipeline.attempts) - before <= 5
    assert before == 0 or pipeline.attempts[-1]["outcome"] in {"failed", "in_sync"}


def test_a_target_that_never_appears_ends_after_a_few_attempts_with_the_reason(aws, pipeline):
    make_table(aws, "orders")
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    make_gone(aws, "orders-restored")
    pipeline.run()
    assert 2 <= len(pipeline.attempts) <= 5
    assert [attempt["outcome"] for attempt in pipeline.attempts][:-1] == ["waiting"] * (len(pipeline.attempts) - 1)
    (message,) = pipeline.quarantined
    assert "orders-restored was not found" in message["reason"]


def test_a_table_that_took_the_target_s_name_later_is_left_as_it_is(aws, pipeline):
    make_source(aws)
    aws.restore_seconds = 10
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    make_gone(aws, "orders-restored")
    aws.clock.advance(3 * 24 * 3600)
    make_table(aws, "orders-restored")
    aws.clock.advance(60)
    before = settings_of(aws, "orders-restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith("the target is another table of that name, created at 20")
    assert pipeline.writes() == []
    assert settings_of(aws, "orders-restored") == before


def test_a_table_that_is_restored_from_another_source_under_the_same_name_is_left_to_its_own_message(aws, pipeline):
    make_source(aws)
    make_table(aws, "ledger", indexes=())
    ledger = aws.client("dynamodb").describe_table(TableName="ledger")["Table"]["TableArn"]
    aws.client("dynamodb").tag_resource(ResourceArn=ledger, Tags=[{"Key": "team", "Value": "finance"}])
    aws.restore_seconds = 10
    restore(aws, "orders", "restored")
    wait_until_active(aws, "restored")
    make_gone(aws, "restored")
    aws.restore_seconds = 600
    restore(aws, "ledger", "restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"] == f"the target is another table of that name, which is being restored from {ledger}"
    pipeline.assert_in_sync("ledger", "restored")
    assert settings_of(aws, "restored")["tags"] == {"team": "finance"}


def test_no_trigger_is_put_on_a_stream_of_another_view_type(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    keys_only = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    aws.client("dynamodb").update_table(TableName="orders-restored", StreamSpecification=keys_only)
    pipeline.run()
    report = pipeline.attempts[-1]["settings"]
    assert report["stream"]["status"] == "failed"
    assert report["triggers"] == {"status": "skipped", "reason": "stream has failed", "changes": []}
    assert settings_of(aws, "orders-restored")["triggers"] == {}
    assert report["ttl"]["status"] == "applied"


def test_the_tags_of_mappings_are_skipped_where_lambda_cannot_tag_them(aws, pipeline):
    make_source(aws)
    refusal = "Unsupported resource type for tagging or invalid arn"
    aws.faults.add("lambda:ListTags", "InvalidParameterValueException", refusal, times=math.inf)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert pipeline.attempts[-1]["settings"]["event_source_mapping_tags"]["status"] == "skipped"
    assert pipeline.quarantined == []


def make_gone(aws, table):
    aws.client("dynamodb").delete_table(TableName=table)
    aws.clock.advance(60)


def test_attempts_that_are_used_up_end_in_the_dlq_unchanged(aws, deploy):
    pipeline = deploy(max_attempts=5)
    make_table(aws, "orders")
    aws.restore_seconds = 1e6
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert len(pipeline.attempts) == 5
    (message,) = pipeline.quarantined
    assert message == {"body": pipeline.invocations[0].event["Records"][0]["body"], "reason": None}


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
    report = pipeline.invoke(source_table="orders", target_table="orders-restored")
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


def test_settings_of_another_region_are_read_there_and_bound_ones_are_skipped(aws, pipeline):
    arn = make_source(aws, region="us-east-1")
    restore(aws, arn, "orders-restored")
    pipeline.run()
    last = pipeline.attempts[-1]
    assert last["outcome"] == "in_sync"
    assert last["source"] == arn
    bound = {"kinesis", "triggers", "alarms"}
    for name in bound:
        assert last["settings"][name]["status"] == "skipped"
        assert "us-east-1" in last["settings"][name]["reason"]
    assert last["settings"]["event_source_mapping_tags"]["reason"] == "triggers is skipped"
    expected, actual = settings_of(aws, "orders", "us-east-1"), settings_of(aws, "orders-restored")
    assert {name for name in expected if expected[name] != actual[name]} == {*bound, "event_source_mapping_tags"}


def test_a_toggle_that_is_off_makes_none_of_its_calls(aws, deploy):
    pipeline = deploy(ENABLE_OUTCOME_EVENTS="False", **{setting.TOGGLE.upper(): "False" for setting in SETTINGS})
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert {call.name for call in pipeline.calls()} == {"dynamodb:DescribeTable", "sqs:ChangeMessageVisibility"}
    assert {outcome["status"] for outcome in pipeline.attempts[-1]["settings"].values()} == {"skipped"}


@pytest.mark.parametrize("off", SETTINGS, ids=lambda setting: setting.NAME)
def test_one_toggle_off_leaves_out_one_setting(aws, deploy, off):
    pipeline = deploy(**{off.TOGGLE.upper(): "false"})
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    lost = lost_with(off.NAME) if off.NAME in WRITES else set()
    assert {name for name in expected if expected[name] != actual[name]} == lost
    assert pipeline.attempts[-1]["settings"][off.NAME]["reason"] == f"{off.TOGGLE} is false"


def test_ttl_on_another_attribute_is_failed_and_left_as_it_is(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    specification = {"Enabled": True, "AttributeName": "other"}
    aws.client("dynamodb").update_time_to_live(TableName="orders-restored", TimeToLiveSpecification=specification)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert "ttl" in message["reason"]
    assert "other" in message["reason"]
    assert settings_of(aws, "orders-restored")["ttl"] == "other"


def test_pitr_with_another_period_gets_the_source_s(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    aws.client("dynamodb").update_continuous_backups(
        TableName="orders-restored", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_the_triggers_destination_comes_along_or_is_left_out_when_empty(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    created = {
        call.parameters["FunctionName"]: call.parameters
        for call in pipeline.calls()
        if call.operation == "CreateEventSourceMapping"
    }
    audit, index = (created[arn] for arn in sorted(created))
    assert audit["DestinationConfig"]["OnFailure"]["Destination"].endswith(":orders-failures")
    assert audit["MaximumRetryAttempts"] == 0
    assert audit["Enabled"] is True
    assert index["FunctionName"].endswith(":orders-index:live")
    assert index["Enabled"] is False
    assert "DestinationConfig" not in index


def test_a_report_is_json_with_every_change(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    report = pipeline.invoke(source_table="orders", target_table="orders-restored", dry_run=True)
    assert report["outcome"] == "differs"
    assert pipeline.writes() == []
    statuses = {name: outcome["status"] for name, outcome in report["settings"].items()}
    assert statuses == dict.fromkeys(WRITES, "differs") | {"on_demand_throughput": "unchanged"}
    assert json.loads(json.dumps(report)) == report
    operations = {
        name: {change["operation"] for change in outcome["changes"]} for name, outcome in report["settings"].items()
    }
    assert all(operation.partition(":")[2] in operations[name] for name, (operation, _) in WRITES.items())
    assert pipeline.invoke(source_table="orders", target_table="orders-restored")["outcome"] in {"in_sync", "waiting"}


def test_what_an_attempt_has_no_time_for_is_left_to_another(aws, pipeline):  # noqa: ARG001 (it has the clients anew)
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    arn = aws.client("dynamodb").describe_table(TableName="orders")["Table"]["TableArn"]
    names = [setting.NAME for setting in SETTINGS]
    reconciliation = Reconciliation(Table(arn), Table(f"{arn}-restored"), names)
    # The time is up when the second setting has been read.
    reads = "DescribeKinesisStreamingDestination"
    reconciliation.run_pass(lambda: 100 if len(aws.calls_of(reads)) < 2 else RESERVED_SECONDS)
    outcomes = reconciliation.report.settings
    assert [name for name in names if outcomes[name].reason == "not compared yet"] == names[2:]
    assert reconciliation.report.outcome == "waiting"
    assert reconciliation.not_ready


def test_a_scalable_target_without_an_arn_has_no_tags(aws, pipeline):
    make_source(aws)
    aws.auto_scaling.age()
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    last = pipeline.attempts[-1]
    assert last["outcome"] == "in_sync"
    assert last["settings"]["scalable_target_tags"]["status"] == "unchanged"
    assert last["settings"]["auto_scaling"]["status"] == "applied"
