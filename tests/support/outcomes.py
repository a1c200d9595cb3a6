"""Listens to the function's outcome events, as a user's rule would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.embedded_aws import EmbeddedAWS

PATTERN = {"source": ["dynamodb-pitr-table-sync"], "detail-type": ["Table Sync Outcome"]}


class Listener:
    """A rule on an event bus, by default the default bus, and a queue that takes what matches."""

    def __init__(self, aws: EmbeddedAWS, bus: str = "default") -> None:
        """Make both."""
        self._aws = aws
        events, sqs = aws.client("events"), aws.client("sqs")
        pattern = json.dumps(PATTERN)
        rule = events.put_rule(Name="outcomes", EventPattern=pattern, EventBusName=bus)["RuleArn"]
        url = sqs.create_queue(QueueName="outcomes")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        self._queue: str = attributes["QueueArn"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self._queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        events.put_targets(Rule="outcomes", EventBusName=bus, Targets=[{"Id": "queue", "Arn": self._queue}])

    def take(self) -> list[dict[str, Any]]:
        """Return the events that have come since the last time."""
        queue = self._aws.sqs.queue(self._queue)
        assert queue is not None
        found = [json.loads(message.body) for message in queue.kept()]
        queue.stored.clear()
        return found
