"""What has to be there before the calls to SQS, and what is looked at after them."""

import json

from tests.facts.facts import observation, setup


def _queue(aws, **attributes):
    return aws.client("sqs").create_queue(QueueName="queue", Attributes=attributes)["QueueUrl"]


def _received(aws, url, **parameters):
    return aws.client("sqs").receive_message(QueueUrl=url, **parameters).get("Messages", [])


@setup
def queue(aws):
    return {"queue": _queue(aws)}


@setup
def no_queue(aws):
    return {"queue": f"https://sqs.eu-west-1.amazonaws.com/{aws.account}/unknown"}


@setup
def queue_with_a_delay(aws):
    _queue(aws, DelaySeconds="1")


@setup
def queue_and_a_message_too_long(aws):
    return {"queue": _queue(aws), "long text": "x" * (1024 * 1024 + 1)}


@setup
def purged_queue(aws):
    url = _queue(aws)
    aws.client("sqs").purge_queue(QueueUrl=url)
    return {"queue": url}


@setup
def message_with_an_attribute(aws):
    url = _queue(aws)
    attributes = {"Foo": {"DataType": "String", "StringValue": "Bar"}}
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="msg", MessageAttributes=attributes)
    return {"queue": url}


@setup
def message_received_once(aws):
    names = message_with_an_attribute(aws)
    _received(aws, names["queue"], VisibilityTimeout=0)
    return names


@setup
def received_message(aws):
    """A message that is hidden for two seconds, one of which has passed."""
    names = message_with_an_attribute(aws)
    (message,) = _received(aws, names["queue"], VisibilityTimeout=2)
    aws.clock.advance(1)
    return names | {"handle": message["ReceiptHandle"]}


@setup
def message_whose_visibility_timeout_has_passed(aws):
    names = received_message(aws)
    aws.clock.advance(2)
    return names


@setup
def message_received_twice(aws):
    """The handle is that of the first receive."""
    names = message_with_an_attribute(aws)
    (message,) = _received(aws, names["queue"], VisibilityTimeout=0)
    _received(aws, names["queue"], VisibilityTimeout=30)
    return names | {"handle": message["ReceiptHandle"]}


@setup
def deleted_message(aws):
    names = received_message(aws)
    aws.client("sqs").delete_message(QueueUrl=names["queue"], ReceiptHandle=names["handle"])
    return names


@setup
def queue_and_its_dead_letter_queue(aws):
    sqs = aws.client("sqs")
    dlq = sqs.create_queue(QueueName="dlq")["QueueUrl"]
    dlq_arn = f"arn:aws:sqs:eu-west-1:{aws.account}:dlq"
    url = _queue(aws, RedrivePolicy=json.dumps({"deadLetterTargetArn": dlq_arn, "maxReceiveCount": 1}))
    return {"queue": url, "dlq": dlq, "dlq arn": dlq_arn}


@setup
def redriven_dead_letter_queue(aws):
    names = queue_and_its_dead_letter_queue(aws)
    aws.client("sqs").start_message_move_task(SourceArn=names["dlq arn"])
    return names


@observation
def attributes_afterwards(aws, call):
    call()
    url = aws.client("sqs").get_queue_url(QueueName="queue")["QueueUrl"]
    return aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@observation
def messages_in_the_end(aws, call):
    """Return how many messages can be received once every visibility timeout has passed."""
    call()
    aws.clock.advance(60)
    return len(_received(aws, aws.client("sqs").get_queue_url(QueueName="queue")["QueueUrl"]))


@observation
def messages_at_once(aws, call):
    call()
    return len(_received(aws, aws.client("sqs").get_queue_url(QueueName="queue")["QueueUrl"]))


@observation
def messages_when_the_first_timeout_has_passed(aws, call):
    call()
    aws.clock.advance(1.5)
    return len(_received(aws, aws.client("sqs").get_queue_url(QueueName="queue")["QueueUrl"]))
