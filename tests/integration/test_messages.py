"""Messages: what is no restore, what is refused by SQS, and what the log may not say."""

import json
import math

import pytest

from table_sync.telemetry import logger
from tests.support.tables import make_source, make_table, restore

CALLER = ("jane@example.com", "AKIACALLERCALLER0000", "203.0.113.77", "secret-session")


def restore_event(**detail):
    return {
        "source": "aws.dynamodb",
        "detail-type": "AWS API Call via CloudTrail",
        "account": "123456789012",
        "region": "eu-west-1",
        "detail": {
            "eventSource": "dynamodb.amazonaws.com",
            "eventName": "RestoreTableToPointInTime",
            "awsRegion": "eu-west-1",
            "recipientAccountId": "123456789012",
            "sourceIPAddress": CALLER[2],
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": f"AROA:{CALLER[0]}",
                "arn": f"arn:aws:sts::123456789012:assumed-role/Admin/{CALLER[3]}",
                "accessKeyId": CALLER[1],
            },
            "requestParameters": {"sourceTableName": "orders", "targetTableName": "orders-restored"},
            **detail,
        },
    }


BAD = {
    "not JSON": f"restore {CALLER[0]}",
    "other JSON": json.dumps([1, 2, CALLER[0]]),
    "another event": json.dumps(restore_event(eventName="DeleteTable")),
    "no parameters": json.dumps(restore_event(requestParameters=None)),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_can_never_succeed_goes_to_the_dlq_unchanged_with_the_reason(pipeline, body):
    pipeline.send(body)
    pipeline.run()
    assert len(pipeline.invocations) == 1
    (message,) = pipeline.quarantined
    assert message["body"] == body
    assert message["reason"]


def test_a_failed_restore_call_is_logged_and_dropped(pipeline):
    pipeline.send(json.dumps(restore_event(errorCode="TableAlreadyExistsException")))
    pipeline.run()
    assert pipeline.quarantined == []
    assert any(line.get("error_code") == "TableAlreadyExistsException" for line in pipeline.log)
    assert [call.name for call in pipeline.calls()] == []


def test_a_failed_restore_call_does_not_even_pass_the_rule(aws, pipeline):
    make_table(aws, "orders")
    with pytest.raises(aws.client("dynamodb").exceptions.TableAlreadyExistsException):
        restore(aws, "orders", "orders")
    pipeline.run()
    assert pipeline.invocations == []


def test_one_bad_message_disturbs_no_other_of_its_batch(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    for body in BAD.values():
        pipeline.send(body)
    aws.clock.advance(400)
    pipeline.run()
    assert len(pipeline.invocations[0].event["Records"]) == 1 + len(BAD)
    assert len(pipeline.quarantined) == len(BAD)
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_message_that_the_dlq_does_not_take_comes_back(aws, pipeline):
    fault = aws.faults.add(
        "sqs:SendMessage", "ServiceUnavailable", status=503, when=lambda call: "Reason" in str(call.parameters)
    )
    pipeline.send(BAD["not JSON"])
    fault.times = 4
    pipeline.run()
    assert len(fault.met) == 4
    (message,) = pipeline.quarantined
    assert message["body"] == BAD["not JSON"]


def test_a_visibility_that_cannot_be_set_loses_nothing(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.faults.add("sqs:ChangeMessageVisibility", "AccessDenied", "denied", times=1)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert any("ChangeMessageVisibility: AccessDenied" in line.get("reason", "") for line in pipeline.log)


@pytest.mark.parametrize("log_level", ["DEBUG", "INFO", "WARN", "ERROR"])
def test_no_line_carries_the_caller_or_the_message(aws, deploy, log_level):
    level = logger.log_level
    logger.setLevel(log_level)
    try:
        pipeline = deploy(LOG_LEVEL=log_level)
        make_source(aws)
        pipeline.send(json.dumps(restore_event()))
        pipeline.send(json.dumps(restore_event(errorCode="AccessDenied")))
        for body in BAD.values():
            pipeline.send(body)
        restore(aws, "orders", "orders-restored")
        aws.faults.add("TagResource", "AccessDeniedException", times=math.inf)
        pipeline.run()
    finally:
        logger.setLevel(level)
    text = "\n".join(line for invocation in pipeline.invocations for line in invocation.log_lines)
    assert "orders-restored" in text
    for secret in (*CALLER, "userIdentity", "assumed-role/Admin"):
        assert secret not in text
    assert len(pipeline.log) == len(text.splitlines())


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({}, "source_table is None"),
        ({"source_table": "orders"}, "target_table is None"),
        ({"source_table": "a b", "target_table": "orders"}, "source_table is 'a b'"),
        ({"source_table": "orders", "target_table": "copy", "dry_run": "yes"}, "dry_run is 'yes'"),
        ({"source_table": "orders", "target_table": "orders"}, "the same table"),
        ({"source_table": "orders", "target_table": "missing"}, "missing was not found"),
        ({"source_table": "missing", "target_table": "orders"}, "missing was not found"),
        (
            {"source_table": "arn:aws:dynamodb:eu-west-1:999999999999:table/orders", "target_table": "orders"},
            "another account",
        ),
    ],
    ids=str,
)
def test_an_invocation_that_makes_no_sense_is_answered_with_the_reason(aws, pipeline, event, reason):
    make_table(aws, "orders")
    report = pipeline.invoke(**event)
    assert report["outcome"] == "failed"
    assert reason in report["reason"]
    assert {outcome["status"] for outcome in report["settings"].values()} == {"failed"}
    assert pipeline.writes() == []


def test_an_invocation_takes_arns_and_says_that_a_target_is_not_ready(aws, pipeline):
    source = make_table(aws, "orders")
    target = restore(aws, "orders", "orders-restored")
    report = pipeline.invoke(source_table=source, target_table=target)
    assert (report["source"], report["target"], report["outcome"]) == (source, target, "waiting")
    assert "CREATING" in report["reason"]
