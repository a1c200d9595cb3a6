"""SQS, all of it: moto's has no redrive-allow policy, loses policies, and counts visibility from the sending.

Standard queues only: a FIFO queue is refused. Sources: SQS API reference; SQS developer guide, "Dead-letter queues",
"Configure a dead-letter queue redrive", "Visibility timeout", "Message metadata", "Message quotas".
"""

import hashlib
import json
import re
import secrets
import struct
import time
import uuid
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.embedded_aws.service import Service, page

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call
    from tests.support.embedded_aws.clock import Clock

MAXIMUM_VISIBILITY_SECONDS = 12 * 3600
# API reference, SetQueueAttributes: the least and the most of each.
ATTRIBUTE_RANGES = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, MAXIMUM_VISIBILITY_SECONDS),
}
DEFAULT_ATTRIBUTES = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
WRITABLE_ATTRIBUTES = {*ATTRIBUTE_RANGES, "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy"} | {
    "SqsManagedSseEnabled"
}
MAXIMUM_RECEIVE_COUNTS = range(1, 1001)
MAXIMUM_BATCH = 10
MAXIMUM_WAIT_SECONDS = 20
PURGE_SECONDS = 60
QUEUE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,80}")
BATCH_ID = re.compile(r"[\w-]{1,80}")
MESSAGE_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
MESSAGE_BODY = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


@dataclass(eq=False)
class Message:
    """A message in a queue. Times are epoch milliseconds."""

    message_id: str
    body: str
    attributes: dict[str, Any]
    sender: str
    sent: int
    visible_at: int
    receive_count: int = 0
    first_received: int | None = None
    received: int | None = None
    receipt_handles: list[str] = field(default_factory=list)
    source_arn: str | None = None
    key: str | None = None
    """KmsMasterKeyId of the queue when it was sent: a new key does not encrypt it anew (developer guide)."""


@dataclass(eq=False)
class Queue:
    """A queue: its attributes as the API gives them, and its messages in the order in which they came."""

    name: str
    arn: str
    attributes: dict[str, str]
    tags: dict[str, str]
    created: int
    modified: int
    clock: "Clock"
    stored: list[Message] = field(default_factory=list)
    deleted_handles: set[str] = field(default_factory=set)
    move_tasks: list[dict[str, Any]] = field(default_factory=list)
    purged: float | None = None

    def number(self, attribute: str) -> int:
        """Return an attribute that is a number."""
        return int(self.attributes[attribute])

    def kept(self) -> list[Message]:
        """Return the messages, visible or not, without those whose retention is over.

        Retention counts from the first enqueueing, in a dead-letter queue too (developer guide).
        """
        oldest = round(self.clock.now() * 1000) - self.number("MessageRetentionPeriod") * 1000
        return [message for message in self.stored if message.sent > oldest]

    @property
    def key(self) -> str | None:
        """KmsMasterKeyId."""
        return self.attributes.get("KmsMasterKeyId")

    @property
    def redrive(self) -> tuple[str, int] | None:
        """The dead-letter queue's ARN and `maxReceiveCount`."""
        policy = json.loads(self.attributes.get("RedrivePolicy") or "{}")
        return (policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])) if policy else None


class Sqs(Service):
    """The SQS of every Region."""

    name: ClassVar[str] = "sqs"

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Start without queues."""
        super().__init__(aws)
        self._queues: dict[str, Queue] = {}

    # What tests and the other services use.

    def messages(self, queue_arn: str) -> list[Message]:
        """Return the messages of a queue, visible or not, in the order in which they came."""
        return self._queues[queue_arn].kept()

    def next_visible(self, queue_arn: str) -> float | None:
        """Return when the next message can be received (epoch seconds, past if one can be now), None if none."""
        times = [message.visible_at for message in self._queues[queue_arn].kept()]
        return min(times) / 1000 if times else None

    def queue(self, queue_arn: str) -> Queue | None:
        """Return a queue, None if there is no such."""
        return self._queues.get(queue_arn)

    def queue_of(self, call: "Call") -> Queue | None:
        """Return the queue that a call names by its URL, None if there is no such."""
        account, name = ["", *call.parameters.get("QueueUrl", "").split("/")][-2:]
        return self._queues.get(f"arn:aws:sqs:{call.region}:{account}:{name}")

    def deliver(
        self, queue_arn: str, body: str, request: AccessRequest, attributes: dict[str, Any] | None = None
    ) -> str | None:
        """Put a message into a queue for a service that must be allowed to.

        Returns None, or why not: NO_RESOURCE or NO_PERMISSIONS, as EventBridge calls them.
        """
        queue = self._queues.get(queue_arn)
        if queue is None:
            return "NO_RESOURCE"
        if decision(queue.attributes.get("Policy"), request) is not True:
            return "NO_PERMISSIONS"
        self._put(queue, body, attributes or {}, request.principal, queue.number("DelaySeconds"))
        return None

    def check(self, call: "Call") -> None:
        """Check against the service model; ReceiveMessage takes any attribute names (recorded answers)."""
        parameters = {name: value for name, value in call.parameters.items() if name != "AttributeNames"}
        super().check(replace(call, parameters=parameters) if call.operation == "ReceiveMessage" else call)

    # Queues.

    def create_queue(self, call: "Call") -> dict[str, Any]:
        """CreateQueue: one of the same name is the same queue, unless an attribute differs."""
        name = call.parameters["QueueName"]
        if not QUEUE_NAME.fullmatch(name):
            reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
            raise AwsError("InvalidParameterValue", reason)
        given = call.parameters.get("Attributes", {})
        arn = f"arn:aws:sqs:{call.region}:{self.aws.account}:{name}"
        known = self._queues.get(arn)
        if known is None:
            self._check_attributes(arn, given)
            now = int(self.now)
            known = Queue(
                name, arn, dict(DEFAULT_ATTRIBUTES), dict(call.parameters.get("tags", {})), now, now, self.aws.clock
            )
            _set_attributes(known, given)
            self._queues[arn] = known
        for attribute, value in given.items():
            if not _same(known.attributes.get(attribute, ""), value):
                reason = f"A queue already exists with the same name and a different value for attribute {attribute}"
                raise AwsError("QueueNameExists", reason)
        return {"QueueUrl": self._url(known)}

    def delete_queue(self, call: "Call") -> None:
        """DeleteQueue."""
        del self._queues[self._queue(call).arn]

    def get_queue_url(self, call: "Call") -> dict[str, Any]:
        """GetQueueUrl."""
        account = call.parameters.get("QueueOwnerAWSAccountId", self.aws.account)
        return {"QueueUrl": self._url(self._named(call.region, account, call.parameters["QueueName"]))}

    def list_queues(self, call: "Call") -> dict[str, Any]:
        """ListQueues: pages only if MaxResults is sent, else at most 1,000."""
        prefix = call.parameters.get("QueueNamePrefix", "")
        urls = [
            self._url(queue)
            for arn, queue in sorted(self._queues.items())
            if arn.split(":")[3:5] == [call.region, self.aws.account] and queue.name.startswith(prefix)
        ]
        urls, token = page(urls, call.parameters.get("NextToken"), call.parameters.get("MaxResults", 1000))
        return {"QueueUrls": urls or None, "NextToken": token if "MaxResults" in call.parameters else None}

    def get_queue_attributes(self, call: "Call") -> dict[str, Any]:
        """GetQueueAttributes."""
        queue = self._queue(call)
        now = self._milliseconds()
        messages = queue.kept()
        delayed = sum(message.visible_at > now and message.received is None for message in messages)
        hidden = sum(message.visible_at > now and message.received is not None for message in messages)
        attributes = queue.attributes | {
            "ApproximateNumberOfMessages": str(len(messages) - delayed - hidden),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
            "CreatedTimestamp": str(queue.created),
            "LastModifiedTimestamp": str(queue.modified),
            "QueueArn": queue.arn,
        }
        names = call.parameters.get("AttributeNames", [])
        for name in set(names) - attributes.keys() - WRITABLE_ATTRIBUTES - {"All"}:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
        return {"Attributes": attributes if "All" in names else {n: attributes[n] for n in names if n in attributes}}

    def set_queue_attributes(self, call: "Call") -> None:
        """SetQueueAttributes: the attributes that are not sent stay; an empty policy is removed."""
        queue = self._queue(call)
        self._check_attributes(queue.arn, call.parameters["Attributes"])
        _set_attributes(queue, call.parameters["Attributes"])
        queue.modified = int(self.now)

    def tag_queue(self, call: "Call") -> None:
        """TagQueue."""
        self._queue(call).tags.update(call.parameters["Tags"])

    def untag_queue(self, call: "Call") -> None:
        """UntagQueue."""
        for key in call.parameters["TagKeys"]:
            self._queue(call).tags.pop(key, None)

    def list_queue_tags(self, call: "Call") -> dict[str, Any]:
        """ListQueueTags."""
        return {"Tags": self._queue(call).tags or None}

    def list_dead_letter_source_queues(self, call: "Call") -> dict[str, Any]:
        """ListDeadLetterSourceQueues."""
        urls = [self._url(queue) for queue in self._sources_of(self._queue(call))]
        urls, token = page(urls, call.parameters.get("NextToken"), call.parameters.get("MaxResults", 1000))
        return {"queueUrls": urls, "NextToken": token}

    def purge_queue(self, call: "Call") -> None:
        """PurgeQueue, done at once (AWS takes up to a minute), and once a minute."""
        queue = self._queue(call)
        if queue.purged is not None and self.now < queue.purged + PURGE_SECONDS:
            message = f"Only one PurgeQueue operation on {queue.name} is allowed every {PURGE_SECONDS} seconds."
            raise AwsError("PurgeQueueInProgress", message, 403)
        queue.purged = self.now
        queue.stored.clear()

    # Messages.

    def send_message(self, call: "Call") -> dict[str, Any]:
        """SendMessage."""
        return self._send(self._queue(call), call, call.parameters)

    def send_message_batch(self, call: "Call") -> dict[str, Any]:
        """SendMessageBatch."""
        queue = self._queue(call)
        return self._batch(call, lambda entry: self._send(queue, call, entry))

    def receive_message(self, call: "Call") -> dict[str, Any]:
        """ReceiveMessage: a message that was received `maxReceiveCount` times goes to the dead-letter queue instead.

        A long poll waits only on a clock that runs by itself.
        """
        queue = self._queue(call)
        limit = _between(call.parameters, "MaxNumberOfMessages", 1, 10, 1)
        wait = call.parameters.get("WaitTimeSeconds", queue.number("ReceiveMessageWaitTimeSeconds"))
        if not 0 <= wait <= MAXIMUM_WAIT_SECONDS:
            reason = f"Must be >= 0 and <= {MAXIMUM_WAIT_SECONDS}, if provided."
            raise _invalid_value("WaitTimeSeconds", wait, reason)
        seconds = _between(
            call.parameters,
            "VisibilityTimeout",
            0,
            MAXIMUM_VISIBILITY_SECONDS,
            queue.number("VisibilityTimeout"),
        )
        end = self.now + wait
        received = self._receive(queue, limit, seconds)
        while not received and self.aws.clock.running and self.now < end:
            self.aws.lock.release()
            time.sleep(0.05)
            self.aws.lock.acquire()
            received = self._receive(self._queue(call), limit, seconds)
        return {"Messages": [_as_received(message, call.parameters) for message in received] or None}

    def delete_message(self, call: "Call") -> None:
        """DeleteMessage: only the handle of the latest receive deletes, an older one is accepted without effect."""
        self._delete(self._queue(call), call.parameters["ReceiptHandle"])

    def delete_message_batch(self, call: "Call") -> dict[str, Any]:
        """DeleteMessageBatch."""
        queue = self._queue(call)
        return self._batch(call, lambda entry: self._delete(queue, entry["ReceiptHandle"]))

    def change_message_visibility(self, call: "Call") -> None:
        """ChangeMessageVisibility: 0 s to 12 h from now, and no later than 12 h after the message was received."""
        self._change_visibility(self._queue(call), call.parameters)

    def change_message_visibility_batch(self, call: "Call") -> dict[str, Any]:
        """ChangeMessageVisibilityBatch."""
        queue = self._queue(call)
        return self._batch(call, lambda entry: self._change_visibility(queue, entry))

    def start_message_move_task(self, call: "Call") -> dict[str, Any]:
        """StartMessageMoveTask, done at once.

        Moved messages are new ones, with a new id and enqueue time (developer guide, "Configure a dead-letter queue
        redrive"); that they also start at a receive count of 0 is unverified. A message that no redrive policy brought
        here has no source to go back to: the task fails with CouldNotDetermineMessageSource unless a destination is
        named.
        """
        queue = self._by_arn(call.parameters["SourceArn"])
        if not self._sources_of(queue):
            raise AwsError("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        destination = call.parameters.get("DestinationArn")
        if destination:
            self._by_arn(destination)
        task: dict[str, Any] = {
            "TaskHandle": str(uuid.uuid4()),
            "Status": "COMPLETED",
            "SourceArn": queue.arn,
            "DestinationArn": destination,
            "MaxNumberOfMessagesPerSecond": call.parameters.get("MaxNumberOfMessagesPerSecond"),
            "ApproximateNumberOfMessagesMoved": 0,
            "ApproximateNumberOfMessagesToMove": len(queue.kept()),
            "StartedTimestamp": self._milliseconds(),
        }
        queue.move_tasks.insert(0, task)
        for message in queue.kept():
            target = self._queues.get(destination or message.source_arn or "")
            if target is None:
                task |= {"Status": "FAILED", "FailureReason": "CouldNotDetermineMessageSource"}
                break
            queue.stored.remove(message)
            self._put(target, message.body, message.attributes, message.sender, 0)
            task["ApproximateNumberOfMessagesMoved"] += 1
        return {"TaskHandle": task["TaskHandle"]}

    def list_message_move_tasks(self, call: "Call") -> dict[str, Any]:
        """ListMessageMoveTasks, newest first; the handle is given only for one that runs."""
        tasks = self._by_arn(call.parameters["SourceArn"]).move_tasks[: call.parameters.get("MaxResults", 1)]
        return {"Results": [task | {"TaskHandle": None} for task in tasks]}

    # How it works.

    def _milliseconds(self) -> int:
        return round(self.now * 1000)

    def _url(self, queue: Queue) -> str:
        region, account = queue.arn.split(":")[3:5]
        return f"{self.aws.endpoint_url or f'https://sqs.{region}.amazonaws.com'}/{account}/{queue.name}"

    def _queue(self, call: "Call") -> Queue:
        url = call.parameters.get("QueueUrl", "")
        account, name = ["", *url.split("/")][-2:]
        queue = self._named(call.region, account, name)
        principal = call.principal.arn if call.principal else ""
        request = AccessRequest(
            principal,
            f"sqs:{call.operation}",
            queue.arn,
            {"aws:SecureTransport": "true", "aws:PrincipalArn": principal, "aws:PrincipalAccount": self.aws.account},
        )
        allowed = decision(queue.attributes.get("Policy"), request)
        # Another account has no right of its own (IAM user guide, Cross-account policy evaluation logic).
        if allowed is False or (allowed is None and call.principal and call.principal.account != account):
            message = f"User: {principal} is not authorized to perform: {request.action} on resource: {queue.arn}"
            why = "with an explicit deny in a" if allowed is False else "because no"
            rule = "resource-based policy" + ("" if allowed is False else f" allows the {request.action} action")
            raise AwsError("AccessDenied", f"{message} {why} {rule}", 403)
        return queue

    def _named(self, region: str, account: str, name: str) -> Queue:
        return self._by_arn(f"arn:aws:sqs:{region}:{account}:{name}", "QueueDoesNotExist")

    def _by_arn(self, arn: str, code: str = "ResourceNotFoundException") -> Queue:
        if arn not in self._queues:
            raise AwsError(code, "The specified queue does not exist.")
        return self._queues[arn]

    def _sources_of(self, queue: Queue) -> list[Queue]:
        return [source for source in self._queues.values() if source.redrive and source.redrive[0] == queue.arn]

    def _check_attributes(self, arn: str, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            if name not in WRITABLE_ATTRIBUTES:
                raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
            least, most = ATTRIBUTE_RANGES.get(name, (0, 0))
            if name in ATTRIBUTE_RANGES and not (value.isdecimal() and least <= int(value) <= most):
                raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            if name in {"Policy", "RedrivePolicy", "RedriveAllowPolicy"} and value:
                _parsed(name, value)
        if attributes.get("RedrivePolicy"):
            self._check_redrive(arn, attributes["RedrivePolicy"])

    def _check_redrive(self, arn: str, policy: str) -> None:
        def refuse(reason: str) -> AwsError:
            message = f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}"
            return AwsError("InvalidParameterValue", message)

        redrive = _parsed("RedrivePolicy", policy)
        if "deadLetterTargetArn" not in redrive or "maxReceiveCount" not in redrive:
            raise refuse("Redrive policy must have deadLetterTargetArn and maxReceiveCount.")
        if int(redrive["maxReceiveCount"]) not in MAXIMUM_RECEIVE_COUNTS:
            raise refuse("Invalid value for maxReceiveCount: must be between 1 and 1000.")
        target = self._queues.get(redrive["deadLetterTargetArn"])
        if target is None or target.arn.split(":")[3] != arn.split(":")[3]:
            raise refuse("Dead letter target does not exist.")
        allow = json.loads(target.attributes.get("RedriveAllowPolicy") or "{}")
        permission = allow.get("redrivePermission", "allowAll")
        if permission == "denyAll" or (permission == "byQueue" and arn not in allow.get("sourceQueueArns", [])):
            raise refuse("Dead letter target's redrive allow policy does not allow this source queue.")

    def _send(self, queue: Queue, call: "Call", entry: dict[str, Any]) -> dict[str, Any]:
        body = entry.get("MessageBody") or ""
        attributes = entry.get("MessageAttributes") or {}
        if not body:
            raise AwsError("MissingParameter", "The request must contain the parameter MessageBody.")
        if not MESSAGE_BODY.fullmatch(body):
            raise AwsError("InvalidMessageContents", "The message contains characters outside the allowed set.")
        _check_message_attributes(attributes)
        most = queue.number("MaximumMessageSize")
        if _size(body, attributes) > most:
            reason = f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            raise AwsError("InvalidParameterValue", reason)
        delay = _between(entry, "DelaySeconds", 0, 900, queue.number("DelaySeconds"))
        message = self._put(queue, body, attributes, call.principal.arn if call.principal else "", delay)
        return {
            "MessageId": message.message_id,
            "MD5OfMessageBody": _md5(body.encode()),
            "MD5OfMessageAttributes": _attributes_md5(attributes),
        }

    def _put(self, queue: Queue, body: str, attributes: dict[str, Any], sender: str, delay: int) -> Message:
        now = self._milliseconds()
        message = Message(str(uuid.uuid4()), body, dict(attributes), sender, now, now + delay * 1000, key=queue.key)
        queue.stored.append(message)
        return message

    def _receive(self, queue: Queue, limit: int, seconds: int) -> list[Message]:
        now = self._milliseconds()
        received: list[Message] = []
        redrive = queue.redrive
        queue.stored = queue.kept()
        for message in queue.kept():
            if message.visible_at > now or len(received) == limit:
                continue
            if redrive and message.receive_count >= redrive[1] and redrive[0] in self._queues:
                queue.stored.remove(message)
                message.source_arn, message.received, message.visible_at = queue.arn, None, now
                self._queues[redrive[0]].stored.append(message)
                continue
            message.receive_count += 1
            message.first_received = message.first_received or now
            message.received = now
            message.visible_at = now + seconds * 1000
            message.receipt_handles.append(secrets.token_urlsafe(96))
            received.append(message)
        return received

    def _delete(self, queue: Queue, handle: str) -> None:
        message = self._by_handle(queue, handle)
        if message is None and handle not in queue.deleted_handles:
            raise _invalid_handle(handle)
        if message and message.receipt_handles[-1] == handle:
            queue.deleted_handles.update(message.receipt_handles)
            queue.stored.remove(message)

    def _change_visibility(self, queue: Queue, entry: dict[str, Any]) -> None:
        seconds = _between(entry, "VisibilityTimeout", 0, MAXIMUM_VISIBILITY_SECONDS, None)
        handle, now = entry["ReceiptHandle"], self._milliseconds()
        message = self._by_handle(queue, handle)
        if message is None and handle not in queue.deleted_handles:
            raise _invalid_handle(handle)
        # A message whose visibility timeout has passed may still be hidden, by the handle of its receive.
        if message is None or message.received is None:
            reason = "Message does not exist or is not available for visibility timeout change."
            raise _invalid_value("ReceiptHandle", handle, reason)
        if now + seconds * 1000 - message.received > MAXIMUM_VISIBILITY_SECONDS * 1000:
            reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
            raise _invalid_value("VisibilityTimeout", seconds, reason)
        message.visible_at = now + seconds * 1000

    def _by_handle(self, queue: Queue, handle: str) -> Message | None:
        return next((message for message in queue.kept() if handle in message.receipt_handles), None)

    def _batch(self, call: "Call", act: Callable[[dict[str, Any]], dict[str, Any] | None]) -> dict[str, Any]:
        entries = call.parameters.get("Entries", [])
        ids = [entry["Id"] for entry in entries]
        if not entries:
            message = f"There should be at least one {call.operation}RequestEntry in the request."
            raise AwsError("EmptyBatchRequest", message)
        if len(entries) > MAXIMUM_BATCH:
            message = f"Maximum number of entries per request are 10. You have sent {len(entries)}."
            raise AwsError("TooManyEntriesInBatchRequest", message)
        if len(set(ids)) < len(ids):
            raise AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
        if not all(BATCH_ID.fullmatch(entry_id) for entry_id in ids):
            raise AwsError("InvalidBatchEntryId", "The Id of a batch entry doesn't abide by the specification.")
        successful, failed = [], []
        for entry in entries:
            try:
                successful.append({"Id": entry["Id"]} | (act(entry) or {}))
            except AwsError as error:
                failed.append({"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": error.message})
        return {"Successful": successful, "Failed": failed}


def _invalid_handle(handle: str) -> AwsError:
    return AwsError("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.')


def _set_attributes(queue: Queue, attributes: dict[str, str]) -> None:
    queue.attributes.update(attributes)
    if attributes.get("KmsMasterKeyId"):
        queue.attributes["SqsManagedSseEnabled"] = "false"
    queue.attributes = {name: value for name, value in queue.attributes.items() if value}


def _same(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return one == other


def _parsed(name: str, value: str) -> dict[str, Any]:
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    return parsed


def _between(parameters: dict[str, Any], name: str, least: int, most: int, default: int | None) -> int:
    value = parameters.get(name, default)
    if value is None:
        raise AwsError("MissingParameter", f"The request must contain the parameter {name}.")
    if not least <= int(value) <= most:
        raise _invalid_value(name, value, f"Must be between {least} and {most}, if provided.")
    return int(value)


def _invalid_value(name: str, value: Any, reason: str) -> AwsError:
    return AwsError("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}")


def _check_message_attributes(attributes: dict[str, Any]) -> None:
    if len(attributes) > MAXIMUM_BATCH:
        message = f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10]."
        raise AwsError("InvalidParameterValue", message)
    for name, attribute in attributes.items():
        kind = attribute.get("DataType", "").split(".")[0]
        value = attribute.get("BinaryValue" if kind == "Binary" else "StringValue")
        if not MESSAGE_ATTRIBUTE_NAME.fullmatch(name):
            raise AwsError("InvalidParameterValue", f"Message (user) attribute name '{name}' is invalid.")
        if kind not in {"String", "Number", "Binary"}:
            message = f"The type of message (user) attribute '{name}' is invalid. You must use only these: Binary, ..."
            raise AwsError("InvalidParameterValue", message)
        if not value:
            message = f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
            raise AwsError("InvalidParameterValue", message)
        if kind == "String" and not MESSAGE_BODY.fullmatch(value):
            message = f"Message (user) attribute '{name}' contains characters outside the allowed set."
            raise AwsError("InvalidParameterValue", message)
        if kind == "Number" and not re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", value):
            message = f"Can't cast the value of message (user) attribute '{name}' to a number."
            raise AwsError("InvalidParameterValue", message)


def _as_received(message: Message, parameters: dict[str, Any]) -> dict[str, Any]:
    system = {
        "SenderId": message.sender,
        "SentTimestamp": str(message.sent),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": str(message.first_received),
    }
    if message.source_arn:
        system["DeadLetterQueueSourceArn"] = message.source_arn
    wanted = {*parameters.get("AttributeNames", []), *parameters.get("MessageSystemAttributeNames", [])}
    if "All" not in wanted:
        system = {name: value for name, value in system.items() if name in wanted}
    names = parameters.get("MessageAttributeNames", [])
    attributes = {
        name: attribute
        for name, attribute in message.attributes.items()
        if name in names or "All" in names or any(n.endswith(".*") and name.startswith(n[:-2]) for n in names)
    }
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handles[-1],
        "Body": message.body,
        "MD5OfBody": _md5(message.body.encode()),
        "Attributes": system or None,
        "MessageAttributes": {name: _attribute_out(attribute) for name, attribute in attributes.items()} or None,
        "MD5OfMessageAttributes": _attributes_md5(attributes),
    }


def _attribute_out(attribute: dict[str, Any]) -> dict[str, Any]:
    if "BinaryValue" in attribute:
        return attribute | {"BinaryValue": b64decode(attribute["BinaryValue"])}
    return attribute


def _size(body: str, attributes: dict[str, Any]) -> int:
    return len(body.encode()) + sum(
        len(name.encode()) + sum(len(str(value).encode()) for value in attribute.values())
        for name, attribute in attributes.items()
    )


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _attributes_md5(attributes: dict[str, Any]) -> str | None:
    """Developer guide, "Message metadata", "Calculating the MD5 message digest for message attributes"."""
    if not attributes:
        return None
    encoded = b""
    for name, attribute in sorted(attributes.items()):
        parts = [name.encode(), attribute["DataType"].encode()]
        encoded += b"".join(struct.pack("!I", len(part)) + part for part in parts)
        binary = "BinaryValue" in attribute
        value = b64decode(attribute["BinaryValue"]) if binary else attribute["StringValue"].encode()
        encoded += (b"\x02" if binary else b"\x01") + struct.pack("!I", len(value)) + value
    return _md5(encoded)
