"""Triggers, from the restore to the report."""

import math

import pytest

from tests.settings import triggers
from tests.support.pipeline import last_outcome, status_and_reason, sync
from tests.support.tables import (
    FILTER,
    REGION,
    let_read_streams,
    make_function,
    make_source,
    make_table,
    restore,
    restore_and_wait,
    settings_of,
    wait_until_active,
)


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
    restore_and_wait(aws)
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


def test_triggers_can_be_created_disabled_and_are_then_left_to_whoever_enables_them(aws, deploy):
    pipeline = deploy(CREATE_TRIGGERS_DISABLED="true")
    make_table(aws, "orders", indexes=(), stream_view_type="KEYS_ONLY")
    triggers.give(aws, "orders")
    restore_and_wait(aws)
    pipeline.run()
    mappings = settings_of(aws, "orders-restored")["triggers"]
    assert [mapping["State"] for mapping in mappings.values()] == ["Disabled", "Disabled"]
    assert mappings.keys() == settings_of(aws, "orders")["triggers"].keys()
    outcome = last_outcome(pipeline, "triggers")
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
