import json

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import EmbeddedAWS

ARN = "arn:aws:sqs:eu-west-1:123456789012:"


@pytest.fixture
def aws():
    with EmbeddedAWS() as embedded:
        yield embedded


@pytest.fixture
def sqs(aws):
    return aws.client("sqs", parameter_validation=False)


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="work")["QueueUrl"]


def redriven(sqs, count=2, **attributes):
    """Make a queue with a dead-letter queue."""
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": f"{ARN}dead", "maxReceiveCount": count})
    return sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": policy} | attributes)["QueueUrl"], dead


def receive(sqs, url, **parameters):
    return sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"], **parameters).get("Messages", [])


def refused(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_a_delay_ends_to_the_second(aws, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=60)
    aws.clock.advance(59.999)
    assert receive(sqs, queue) == []
    aws.clock.advance(0.001)
    (message,) = receive(sqs, queue)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="x", DelaySeconds=901) == "InvalidParameterValue"


def test_visibility_counts_from_the_change(aws, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = receive(sqs, queue, VisibilityTimeout=720)
    aws.clock.advance(5)
    change = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**change, VisibilityTimeout=110)
    assert aws.sqs.next_visible(f"{ARN}work") == aws.clock.now() + 110
    aws.clock.advance(109)
    assert receive(sqs, queue) == []
    aws.clock.advance(1)
    (again,) = receive(sqs, queue)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=0)
    assert len(receive(sqs, queue)) == 1


def test_visibility_ends_twelve_hours_after_the_receive_not_after_the_sending(aws, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    aws.clock.advance(20 * 3600)
    (message,) = receive(sqs, queue, VisibilityTimeout=3600)
    change = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}
    for seconds in (-1, 43201):
        assert refused(sqs.change_message_visibility, **change, VisibilityTimeout=seconds) == "InvalidParameterValue"
    sqs.change_message_visibility(**change, VisibilityTimeout=43200)
    aws.clock.advance(1)
    assert refused(sqs.change_message_visibility, **change, VisibilityTimeout=43200) == "InvalidParameterValue"


def test_a_message_that_is_visible_again_can_be_hidden_and_one_that_is_gone_cannot(aws, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = receive(sqs, queue)
    change = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 10}
    aws.clock.advance(30)
    sqs.change_message_visibility(**change)
    assert receive(sqs, queue) == []
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert refused(sqs.change_message_visibility, **change) == "InvalidParameterValue"
    assert refused(sqs.change_message_visibility, **change | {"ReceiptHandle": "x"}) == "ReceiptHandleIsInvalid"


def test_only_the_latest_handle_deletes(aws, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (first,) = receive(sqs, queue)
    aws.clock.advance(30)
    (second,) = receive(sqs, queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    assert len(aws.sqs.messages(f"{ARN}work")) == 1
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=second["ReceiptHandle"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=second["ReceiptHandle"])
    assert aws.sqs.messages(f"{ARN}work") == []


def test_after_its_last_receive_a_message_goes_to_the_dead_letter_queue(aws, sqs):
    url, dead = redriven(sqs, count=2)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    for _ in range(2):
        assert len(receive(sqs, url)) == 1
        aws.clock.advance(30)
    assert receive(sqs, url) == []
    (message,) = receive(sqs, dead)
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == f"{ARN}work"
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"


def test_retention_counts_from_the_first_enqueueing(aws, sqs):
    url, dead = redriven(sqs, count=1, MessageRetentionPeriod="600")
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"MessageRetentionPeriod": "700"})
    sqs.send_message(QueueUrl=url, MessageBody="moved")
    assert len(receive(sqs, url)) == 1
    aws.clock.advance(500)
    sqs.send_message(QueueUrl=url, MessageBody="stays")
    assert [message["Body"] for message in receive(sqs, url, MaxNumberOfMessages=10)] == ["stays"]
    aws.clock.advance(199)
    assert len(aws.sqs.messages(f"{ARN}dead")) == 1
    aws.clock.advance(1)
    assert aws.sqs.messages(f"{ARN}dead") == []
    assert [message.body for message in aws.sqs.messages(f"{ARN}work")] == ["stays"]


@pytest.mark.parametrize(
    "policy",
    [
        {"deadLetterTargetArn": f"{ARN}missing", "maxReceiveCount": 3},
        {"deadLetterTargetArn": f"{ARN}dead", "maxReceiveCount": 0},
        {"deadLetterTargetArn": f"{ARN}dead", "maxReceiveCount": 1001},
        {"deadLetterTargetArn": f"{ARN}dead"},
        {"deadLetterTargetArn": f"{ARN}closed", "maxReceiveCount": 3},
        {"deadLetterTargetArn": f"{ARN}other", "maxReceiveCount": 3},
        {"deadLetterTargetArn": f"{ARN}dead".replace("eu", "us"), "maxReceiveCount": 3},
    ],
)
def test_redrive_policies_that_are_refused(sqs, policy):
    sqs.create_queue(QueueName="dead")
    sqs.create_queue(QueueName="closed", Attributes={"RedriveAllowPolicy": '{"redrivePermission": "denyAll"}'})
    only = {"redrivePermission": "byQueue", "sourceQueueArns": [f"{ARN}else"]}
    sqs.create_queue(QueueName="other", Attributes={"RedriveAllowPolicy": json.dumps(only)})
    attributes = {"RedrivePolicy": json.dumps(policy)}
    assert refused(sqs.create_queue, QueueName="work", Attributes=attributes) == "InvalidParameterValue"
    assert refused(sqs.get_queue_url, QueueName="work") == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_redrive_allow_policy_may_name_the_queue(sqs):
    only = {"redrivePermission": "byQueue", "sourceQueueArns": [f"{ARN}work"]}
    sqs.create_queue(QueueName="dead", Attributes={"RedriveAllowPolicy": json.dumps(only)})
    url, dead = redriven(sqs)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]


def test_attributes_that_are_not_sent_stay(sqs, queue):
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "9", "KmsMasterKeyId": "alias/key"})
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (attributes["Policy"], attributes["DelaySeconds"]) == (policy, "9")
    assert attributes["SqsManagedSseEnabled"] == "false"
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert "Policy" not in attributes


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"DelaySeconds": "901"}, "InvalidAttributeValue"),
        ({"MessageRetentionPeriod": "59"}, "InvalidAttributeValue"),
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ({"Policy": "no"}, "InvalidAttributeValue"),
        ({"Colour": "red"}, "InvalidAttributeName"),
    ],
)
def test_attributes_that_are_refused(sqs, queue, attributes, code):
    assert refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes=attributes) == code


def test_a_queue_of_the_same_name_is_the_same_or_refused(sqs, queue):
    assert sqs.create_queue(QueueName="work", Attributes={"DelaySeconds": "0"})["QueueUrl"] == queue
    assert refused(sqs.create_queue, QueueName="work", Attributes={"DelaySeconds": "1"}) == "QueueAlreadyExists"


@pytest.mark.usefixtures("queue")
def test_regions_are_apart(aws):
    assert "QueueUrls" not in aws.client("sqs", "us-east-1").list_queues()


@pytest.mark.parametrize(
    "attribute",
    [
        {"DataType": "String", "StringValue": ""},
        {"DataType": "Number", "StringValue": "four"},
        {"DataType": "Colour", "StringValue": "red"},
        {"DataType": "Binary"},
    ],
)
def test_message_attributes_that_are_refused(sqs, queue, attribute):
    send = {"QueueUrl": queue, "MessageBody": "x"}
    assert refused(sqs.send_message, **send, MessageAttributes={"Reason": attribute}) == "InvalidParameterValue"
    fine = {"DataType": "String", "StringValue": "x"}
    for name in ("aws.x", "a..b", ".a", "a b", "a" * 257):
        assert refused(sqs.send_message, **send, MessageAttributes={name: fine}) == "InvalidParameterValue"
    eleven = {f"a{n}": fine for n in range(11)}
    assert refused(sqs.send_message, **send, MessageAttributes=eleven) == "InvalidParameterValue"


def test_message_attributes_come_back_when_asked_for(sqs, queue):
    attributes = {
        "Reason": {"DataType": "String", "StringValue": "because"},
        "Blob": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    assert "MessageAttributes" not in receive(sqs, queue, VisibilityTimeout=0)[0]
    (message,) = receive(sqs, queue, MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert message["MessageAttributes"] == attributes
    (message,) = receive(sqs, queue, MessageAttributeNames=["Rea.*"], VisibilityTimeout=0)
    assert list(message["MessageAttributes"]) == ["Reason"]


def test_bodies_that_are_refused(sqs, queue):
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="") == "MissingParameter"
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="\x00") == "InvalidMessageContents"
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="x" * 1048577) == "InvalidParameterValue"


def test_batches(sqs, queue):
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(10)]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=[*entries[:9], {"Id": "bad", "MessageBody": ""}])
    assert (len(answer["Successful"]), answer["Failed"][0]["Id"]) == (9, "bad")
    messages = receive(sqs, queue, MaxNumberOfMessages=10)
    assert [message["Body"] for message in messages] == [str(n) for n in range(9)]
    handles = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
    change = [handle | {"VisibilityTimeout": 100} for handle in handles]
    assert len(sqs.change_message_visibility_batch(QueueUrl=queue, Entries=change)["Successful"]) == 9
    assert len(sqs.delete_message_batch(QueueUrl=queue, Entries=handles)["Successful"]) == 9
    eleven = [*entries, {"Id": "eleven", "MessageBody": "x"}]
    code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"
    assert refused(sqs.send_message_batch, QueueUrl=queue, Entries=eleven) == code
    assert refused(sqs.send_message_batch, QueueUrl=queue, Entries=entries[:1] * 2).endswith("NotDistinct")


def test_counts(sqs, queue):
    for delay in (0, 0, 10):
        sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=delay)
    receive(sqs, queue)
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert [attributes[name] for name in names] == ["1", "1", "1"]


def test_a_redrive_makes_new_messages_for_the_queue_they_came_from(aws, sqs):
    url, _ = redriven(sqs, count=1)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    aws.clock.advance(10)
    (before,) = receive(sqs, url)
    aws.clock.advance(30)
    receive(sqs, url)
    sqs.start_message_move_task(SourceArn=f"{ARN}dead")
    (after,) = receive(sqs, url)
    assert after["Body"] == "x"
    assert after["MessageId"] != before["MessageId"]
    assert int(after["Attributes"]["SentTimestamp"]) == int(before["Attributes"]["SentTimestamp"]) + 40000
    assert sqs.list_message_move_tasks(SourceArn=f"{ARN}dead")["Results"][0]["Status"] == "COMPLETED"


def test_a_message_sent_to_the_dead_letter_queue_needs_a_destination(sqs):
    url, dead = redriven(sqs)
    sqs.send_message(QueueUrl=dead, MessageBody="x")
    sqs.start_message_move_task(SourceArn=f"{ARN}dead")
    (task,) = sqs.list_message_move_tasks(SourceArn=f"{ARN}dead")["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    sqs.start_message_move_task(SourceArn=f"{ARN}dead", DestinationArn=f"{ARN}work")
    assert len(receive(sqs, url)) == 1
    assert refused(sqs.start_message_move_task, SourceArn=f"{ARN}work") == "InvalidParameterValue"


def test_a_queue_policy_can_shut_callers_out(sqs, queue):
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": f"{ARN}work",
        "Condition": {"StringNotLike": {"aws:PrincipalArn": "*/sync/*"}},
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [deny]})})
    assert refused(sqs.send_message, QueueUrl=queue, MessageBody="x") == "AccessDenied"
    receive(sqs, queue)


def test_a_long_poll_waits_where_time_passes():
    with EmbeddedAWS(server=True) as aws:
        sqs = aws.client("sqs")
        url = sqs.create_queue(QueueName="work", Attributes={"DelaySeconds": "1"})["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")
        assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "x"
