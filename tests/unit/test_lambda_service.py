"""The local Lambda service against queues in process: what is received, what is deleted, what comes back, and when."""

import itertools
import json
import os
import time

import pytest

from tests.support.deployment import deploy_function, deploy_queued_function, zip_of
from tests.support.embedded_aws.lambda_service import InProcessRuntime, LambdaService
from tests.support.embedded_aws.lambda_service.sqs_event import failed_message_ids

NO_CODE = zip_of({"function.py": ""})
IDS = ["a", "b"]


def messages_in(aws, queue_url):
    attributes = aws.client("sqs").get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(map(int, attributes.values()))


def failing(*bodies):
    """A handler that reports the records with these bodies as failed."""

    def handler(event, _context):
        failed = [record["messageId"] for record in event["Records"] if record["body"] in bodies]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    return handler


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, {"b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": [{"messageId": "a"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "unknown"}]}, {"a", "b"}),
        ({"batchItemFailures": ["a"]}, {"a", "b"}),
        ({"batchItemFailures": "a"}, {"a", "b"}),
        ("text", {"a", "b"}),
    ],
)
def test_partial_batch_response(response, failed):
    assert failed_message_ids(response, IDS, ["ReportBatchItemFailures"]) == failed


def test_response_is_not_read_without_report_batch_item_failures():
    assert failed_message_ids({"batchItemFailures": [{"itemIdentifier": "a"}]}, IDS, []) == set()


def test_event_is_what_lambda_sends(aws):
    deployed = deploy_queued_function(aws, "shape", NO_CODE)
    sent = aws.client("sqs").send_message(
        QueueUrl=deployed.queue_url,
        MessageBody='{"a": 1}',
        MessageAttributes={
            "Reason": {"DataType": "String", "StringValue": "why"},
            "Bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    sent_at = int(aws.clock.now() * 1000)
    aws.clock.advance(7)
    with LambdaService(aws, InProcessRuntime(failing(), aws.clock)) as service:
        [invocation] = service.poll_once()

    [record] = invocation.event["Records"]
    assert record.pop("receiptHandle")
    assert record.pop("attributes").items() >= {
        ("ApproximateReceiveCount", "1"),
        ("SentTimestamp", str(sent_at)),
        ("ApproximateFirstReceiveTimestamp", str(sent_at + 7000)),
    }
    assert record == {
        "messageId": sent["MessageId"],
        "body": '{"a": 1}',
        "messageAttributes": {
            "Reason": {"stringValue": "why", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "Bytes": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        },
        "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "eventSource": "aws:sqs",
        "eventSourceARN": deployed.queue_arn,
        "awsRegion": "eu-west-1",
    }


def test_only_failed_items_come_back_after_the_visibility_timeout(aws):
    deployed = deploy_queued_function(aws, "partial", NO_CODE, queue_attributes={"VisibilityTimeout": "90"})
    for body in ("good", "bad"):
        aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody=body)
    with LambdaService(aws, InProcessRuntime(failing("bad"), aws.clock)) as service:
        [first] = service.poll_once()
        assert [record["body"] for record in first.event["Records"]] == ["good", "bad"]
        assert service.poll_once() == []
        assert service.next_due() == pytest.approx(aws.clock.now() + 90)

        aws.clock.advance(91)
        [second] = service.poll_once()

    [record] = second.event["Records"]
    assert (record["body"], record["attributes"]["ApproximateReceiveCount"]) == ("bad", "2")


def test_visibility_set_by_the_function_decides_when_a_message_comes_back(aws):
    deployed = deploy_queued_function(aws, "backoff", NO_CODE, queue_attributes={"VisibilityTimeout": "720"})
    aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody="slow")
    looked_at = []

    def handler(event, context):
        [record] = event["Records"]
        looked_at.append(aws.clock.now())
        if len(looked_at) == 3:
            return {"batchItemFailures": []}
        aws.client("sqs").change_message_visibility(
            QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=110
        )
        return failing("slow")(event, context)

    with LambdaService(aws, InProcessRuntime(handler, aws.clock)) as service:
        invocations = service.run_until_idle(max_seconds=3600)

    assert len(invocations) == 3
    waits = [later - earlier for earlier, later in itertools.pairwise(looked_at)]
    assert waits == pytest.approx([110, 110], abs=0.01)
    assert messages_in(aws, deployed.queue_url) == 0


@pytest.mark.parametrize("raised", [ValueError("no"), KeyError("missing")])
def test_exception_returns_the_whole_batch(aws, raised):
    deployed = deploy_queued_function(aws, "broken", NO_CODE)
    for body in IDS:
        aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody=body)

    def handler(_event, _context):
        raise raised

    with LambdaService(aws, InProcessRuntime(handler, aws.clock)) as service:
        [invocation] = service.poll_once()

    assert invocation.error["errorType"] == type(raised).__name__
    assert invocation.error["errorMessage"] == str(raised)
    assert invocation.response is None
    assert messages_in(aws, deployed.queue_url) == 2


def test_message_goes_to_the_dead_letter_queue_after_its_last_receive(aws):
    deployed = deploy_queued_function(
        aws, "redrive", NO_CODE, max_receive_count=3, queue_attributes={"VisibilityTimeout": "60"}
    )
    aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody="bad")
    with LambdaService(aws, InProcessRuntime(failing("bad"), aws.clock)) as service:
        invocations = service.run_until_idle(max_seconds=600)
        assert service.next_due() is None

    assert len(invocations) == 3
    assert messages_in(aws, deployed.queue_url) == 0
    assert messages_in(aws, deployed.dlq_url) == 1


def test_delivery_delay_of_the_queue_is_waited_for(aws):
    deployed = deploy_queued_function(aws, "delayed", NO_CODE, queue_attributes={"DelaySeconds": "60"})
    start = aws.clock.now()
    aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody="later")
    with LambdaService(aws, InProcessRuntime(failing(), aws.clock)) as service:
        assert service.poll_once() == []
        [invocation] = service.run_until_idle(max_seconds=120)

    assert invocation.at - start == pytest.approx(60, abs=0.01)


def test_batches_are_as_large_as_the_mapping_says(aws):
    deployed = deploy_queued_function(aws, "batches", NO_CODE, batch_size=2)
    for number in range(5):
        aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody=str(number))
    with LambdaService(aws, InProcessRuntime(failing(), aws.clock)) as service:
        sizes = [len(invocation.event["Records"]) for invocation in service.poll_once()]

    assert sizes == [2, 2, 1]


def test_message_made_visible_at_once_waits_for_the_next_poll(aws):
    deployed = deploy_queued_function(aws, "hot", NO_CODE)
    aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody="hot")

    def handler(event, context):
        aws.client("sqs").change_message_visibility(
            QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=event["Records"][0]["receiptHandle"], VisibilityTimeout=0
        )
        return failing("hot")(event, context)

    with LambdaService(aws, InProcessRuntime(handler, aws.clock)) as service:
        assert len(service.poll_once()) == 1


def test_queue_that_never_empties_is_said(aws):
    deployed = deploy_queued_function(aws, "endless", NO_CODE)
    aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody="bad")
    with (
        LambdaService(aws, InProcessRuntime(failing("bad"), aws.clock)) as service,
        pytest.raises(TimeoutError, match="still holds messages, the next due in"),
    ):
        service.run_until_idle(max_seconds=100)


def test_disabled_mapping_is_not_polled(aws):
    deployed = deploy_queued_function(aws, "disabled", NO_CODE)
    [mapping] = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    aws.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    aws.clock.advance(60)
    aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody="unseen")
    with LambdaService(aws, InProcessRuntime(failing(), aws.clock)) as service:
        assert service.poll_once() == []
        assert service.run_until_idle(max_seconds=3600) == []

    assert messages_in(aws, deployed.queue_url) == 1


def test_service_acts_as_the_functions_role(aws):
    deployed = deploy_queued_function(aws, "roles", NO_CODE)
    aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody="x")
    with LambdaService(aws, InProcessRuntime(failing(), aws.clock)) as service:
        service.poll_once()

    calls = [*aws.calls_of("ReceiveMessage"), *aws.calls_of("DeleteMessageBatch"), *aws.calls_of("CreateLogStream")]
    assert {call.operation for call in calls} == {"ReceiveMessage", "DeleteMessageBatch", "CreateLogStream"}
    assert {call.principal.arn for call in calls} == {
        f"arn:aws:sts::{aws.account}:assumed-role/roles/lambda-service",
    }


def test_handler_in_process_sees_what_lambda_gives_it(aws, monkeypatch):
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "of-the-developer")
    deploy_function(aws, "context", NO_CODE, variables={"A": "1", "B": "1"}, Timeout=30, MemorySize=256)
    seen = {}

    def handler(event, context):
        before = context.get_remaining_time_in_millis()
        time.sleep(4)
        seen["remaining"] = (before, context.get_remaining_time_in_millis())
        seen["context"] = (context.function_name, context.memory_limit_in_mb, context.invoked_function_arn)
        seen["request_id"] = context.aws_request_id
        seen["environment"] = dict(os.environ)
        print("a line")  # noqa: T201 (a function's log)
        return event

    with LambdaService(aws, InProcessRuntime(handler, aws.clock, {"B": "2"})) as service:
        invocation = service.invoke("context", {"in": 1})

    assert invocation.response == {"in": 1}
    assert invocation.log_lines == ["a line"]
    assert seen["remaining"] == (30000, 26000)
    assert seen["context"] == ("context", "256", f"arn:aws:lambda:eu-west-1:{aws.account}:function:context")
    assert seen["request_id"] == invocation.request_id
    assert (seen["environment"]["A"], seen["environment"]["B"]) == ("1", "2")
    assert "AWS_SDK_UA_APP_ID" not in seen["environment"]
    assert os.environ["AWS_SDK_UA_APP_ID"] == "of-the-developer"


def test_handler_in_process_that_sleeps_past_its_timeout_has_timed_out(aws):
    deploy_function(aws, "slow", NO_CODE, Timeout=5)
    with LambdaService(aws, InProcessRuntime(lambda *_: time.sleep(6), aws.clock)) as service:
        invocation = service.invoke("slow", {})

    assert invocation.error["errorType"] == "Sandbox.Timedout"
    assert "timed out after 5.00 seconds" in invocation.error["errorMessage"]


def test_log_lines_are_in_the_log_group(aws):
    deploy_function(aws, "talks", NO_CODE)

    def handler(_event, _context):
        print(json.dumps({"message": "one"}))  # noqa: T201 (a function's log)
        print("plain")  # noqa: T201 (as above)

    with LambdaService(aws, InProcessRuntime(handler, aws.clock)) as service:
        invocation = service.invoke("talks", {})

    assert invocation.log_records == [{"message": "one"}]
    events = aws.client("logs").filter_log_events(logGroupName="/aws/lambda/talks")["events"]
    assert [event["message"] for event in events] == ['{"message": "one"}', "plain"]


def fails(*_):
    raise ValueError


@pytest.mark.parametrize(
    ("handler", "ended"),
    [
        (lambda *_: None, {"status": "success"}),
        (fails, {"status": "error", "errorType": "ValueError"}),
        (lambda *_: time.sleep(6), {"status": "timeout"}),
    ],
    ids=["success", "error", "timeout"],
)
def test_lambda_itself_logs_how_a_run_ended(aws, handler, ended):
    deploy_function(aws, "ends", NO_CODE, Timeout=5, LoggingConfig={"LogFormat": "JSON"})
    with LambdaService(aws, InProcessRuntime(handler, aws.clock)) as service:
        invocation = service.invoke("ends", {})

    assert invocation.log_lines == []
    (event,) = aws.client("logs").filter_log_events(logGroupName="/aws/lambda/ends")["events"]
    line = json.loads(event["message"])
    assert line["type"] == "platform.report"
    assert line["record"].items() >= (ended | {"requestId": invocation.request_id}).items()


@pytest.mark.parametrize(
    ("payload", "error", "answer"), [(b'{"ok": true}', None, {"ok": True}), (b'{"ok": false}', "Unhandled", None)]
)
def test_invoke_api_runs_the_function(aws, payload, error, answer):
    deploy_function(aws, "direct", NO_CODE)

    def handler(event, _context):
        if not event["ok"]:
            raise ValueError("not ok")
        return event

    with LambdaService(aws, InProcessRuntime(handler, aws.clock)):
        response = aws.client("lambda").invoke(FunctionName="direct", Payload=payload)

    assert response["StatusCode"] == 200
    assert response.get("FunctionError") == error
    result = json.loads(response["Payload"].read())
    assert result == (answer or result)
    assert result.get("errorType") == ("ValueError" if error else None)


def test_invoke_api_knows_which_functions_there_are(aws):
    client = aws.client("lambda")
    with (
        LambdaService(aws, InProcessRuntime(failing(), aws.clock)),
        pytest.raises(client.exceptions.ResourceNotFoundException),
    ):
        client.invoke(FunctionName="nowhere")
