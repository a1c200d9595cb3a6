"""Invokes functions, and polls the SQS queues of event source mappings for them.

Not modelled: throttling and the concurrency limits, batching windows, filter criteria of SQS mappings, asynchronous
invocation's retries, event sources other than SQS.
"""

from __future__ import annotations

import base64
import contextlib
import json
import uuid
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, Self
from unittest.mock import patch

from botocore.exceptions import ClientError
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.lambda_service.child_process import ChildProcessRuntime
from tests.support.embedded_aws.lambda_service.function import DeployedFunction, InvocationRequest, RuntimeResult
from tests.support.embedded_aws.lambda_service.sqs_event import failed_message_ids, sqs_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from botocore.client import BaseClient

    from tests.support.embedded_aws import Call, EmbeddedAWS
    from tests.support.embedded_aws.answers import Answer

# The service calls AWS as the function's role too; another session name keeps its calls apart from the function's.
SERVICE_SESSION = "lambda-service"
SQS_RECEIVE_MAXIMUM = 10
LOG_TAIL_BYTES = 4096
# SQS shows a message a moment after it is due.
CLOCK_STEP = 0.001


class Runtime(Protocol):
    """Something that can run a deployed function."""

    def invoke(self, function: DeployedFunction, invocation: InvocationRequest) -> RuntimeResult:
        """Run it once."""

    def close(self) -> None:
        """Free what it holds."""


@dataclass(frozen=True)
class Invocation:
    """One run of a function.

    `event` and `response` are JSON values, `error` is errorType, errorMessage and stackTrace or None. `at` is when it
    began (epoch seconds of the embedded clock), `duration` and `init_duration` real seconds; `init_duration` is None
    unless it was a cold start. `queue_arn` is None for a direct invocation.
    """

    function_name: str
    request_id: str
    event: Any
    response: Any
    error: dict[str, Any] | None
    log_lines: list[str]
    at: float
    duration: float
    init_duration: float | None
    queue_arn: str | None = None

    @property
    def log_records(self) -> list[dict[str, Any]]:
        """The log lines that are JSON objects, parsed."""
        records = []
        for line in self.log_lines:
            with contextlib.suppress(ValueError):
                records.append(json.loads(line))
        return [record for record in records if isinstance(record, dict)]


@dataclass(frozen=True)
class SqsMapping:
    """An event source mapping from a queue: its configuration as GetEventSourceMapping returns it."""

    configuration: dict[str, Any]
    function: DeployedFunction

    @property
    def state(self) -> str:
        """Creating, Enabled, Disabled and so on."""
        return str(self.configuration["State"])

    @property
    def queue_arn(self) -> str:
        """The queue's ARN."""
        return str(self.configuration["EventSourceArn"])

    @property
    def queue_url(self) -> str:
        """The queue's URL."""
        region, account, name = self.queue_arn.split(":")[3:]
        return f"https://sqs.{region}.amazonaws.com/{account}/{name}"

    @property
    def batch_size(self) -> int:
        """How many messages one invocation takes; without a batching window never more than one receive gives."""
        return min(int(self.configuration["BatchSize"]), SQS_RECEIVE_MAXIMUM)

    @property
    def response_types(self) -> list[str]:
        """Whether the function reports failed items."""
        return self.configuration.get("FunctionResponseTypes") or []


class LambdaService:
    """Runs the functions that were created in `aws`; a context manager, which also serves Lambda's Invoke API.

    `runtime` is by default a `ChildProcessRuntime`; it is closed at the end. Nothing runs by itself: `poll_once` looks
    at the queues, and `run_until_idle` moves the clock from one due message to the next.
    """

    def __init__(self, aws: EmbeddedAWS, runtime: Runtime | None = None) -> None:
        self.aws = aws
        self._runtime = runtime or ChildProcessRuntime(aws.endpoint_url)
        self._log_streams: set[str] = set()
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Start to answer Invoke, for which moto would run functions in Docker."""
        self._exits.callback(self._runtime.close)
        self._exits.enter_context(patch.object(self.aws.lambda_, "invoke", self._answer_invoke, create=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes and give Invoke back."""
        self._exits.close()

    def invoke(
        self, function_name: str, payload: Any, qualifier: str | None = None, region: str = "eu-west-1"
    ) -> Invocation:
        """Run a function, by name or ARN, with `payload` (a JSON value) and wait for it.

        Raises moto's UnknownFunctionException when there is none.
        """
        backend = lambda_backends[self.aws.account][region]
        return self._run(DeployedFunction.read(backend, function_name, qualifier), payload)

    def poll_once(self) -> list[Invocation]:
        """Receive what is visible in every mapped queue, run the functions, and delete what they are done with.

        A message that becomes visible again meanwhile waits for the next poll.
        """
        invocations = []
        for mapping in self._sqs_mappings():
            if mapping.state != "Enabled":
                continue
            now = self.aws.clock.now()
            visible = sum(message.visible_at <= now * 1000 for message in self.aws.sqs.messages(mapping.queue_arn))
            while visible > 0 and (messages := self._receive(mapping)):
                visible -= len(messages)
                invocations.append(self._run_batch(mapping, messages))
        return invocations

    def next_due(self) -> float | None:
        """Return when the next message of a mapped queue becomes visible (epoch seconds), None if there is none."""
        now = self.aws.clock.now()
        due = []
        for mapping in self._sqs_mappings():
            if mapping.state in {"Disabled", "Disabling", "Deleting"}:
                continue
            visible = self.aws.sqs.next_visible(mapping.queue_arn)
            if visible is not None:
                due.append(max(visible, now if mapping.state == "Enabled" else now + 1))
        return min(due, default=None)

    def run_until_idle(self, max_seconds: float) -> list[Invocation]:
        """Poll, and move the clock to the next due message, until no mapped queue holds one.

        Raises TimeoutError when messages are left that become due only after `max_seconds` of the embedded clock.
        """
        end = self.aws.clock.now() + max_seconds
        invocations = self.run_until(end)
        if (due := self.next_due()) is not None:
            raise TimeoutError(
                f"After {max_seconds} s a queue still holds messages, the next due in {due - end:.0f} s more: "
                "wait longer, or find out why the function returns them."
            )
        return invocations

    def run_until(self, end: float) -> list[Invocation]:
        """Poll, and move the clock to the next due message, until no message is due by `end` (epoch seconds)."""
        invocations = []
        while (due := self.next_due()) is not None and due <= end:
            self.aws.clock.advance(max(0.0, due - self.aws.clock.now()))
            polled = self.poll_once()
            if not polled:
                self.aws.clock.advance(CLOCK_STEP)
            invocations += polled
        return invocations

    def run_schedules_until(self, end: float) -> list[Invocation]:
        """Poll as run_until() does, and run the functions that EventBridge's schedules invoke by `end`."""
        invocations = []
        while (due := self.aws.events.next_schedule()) is not None and due <= end:
            invocations += self.run_until(due)
            self.aws.clock.advance(max(0.0, due - self.aws.clock.now()))
            for arn, payload in self.aws.events.fire_schedules():
                backend = lambda_backends[self.aws.account][arn.split(":")[3]]
                invocations.append(self._run(DeployedFunction.read(backend, arn), json.loads(payload)))
        return [*invocations, *self.run_until(end)]

    def _sqs_mappings(self) -> Iterator[SqsMapping]:
        for backend in list(lambda_backends[self.aws.account].values()):
            for stored in list(backend._event_source_mappings.values()):  # noqa: SLF001 (a call would be recorded)
                configuration = stored.get_configuration()
                arn = configuration["EventSourceArn"]
                # A queue may be deleted before its mapping.
                if arn.split(":")[2] != "sqs" or self.aws.sqs.queue(arn) is None:
                    continue
                if (configuration.get("FilterCriteria") or {}).get("Filters"):
                    raise NotImplementedError(
                        f"The mapping of {arn} has filters, which this Lambda service does not know."
                    )
                # And so may a function.
                with contextlib.suppress(UnknownFunctionException):
                    yield SqsMapping(configuration, DeployedFunction.read(backend, stored.function_arn))

    def _receive(self, mapping: SqsMapping) -> list[dict[str, Any]]:
        answer = self._client("sqs", mapping.function).receive_message(
            QueueUrl=mapping.queue_url,
            MaxNumberOfMessages=mapping.batch_size,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _run_batch(self, mapping: SqsMapping, messages: list[dict[str, Any]]) -> Invocation:
        invocation = self._run(mapping.function, sqs_event(messages, mapping.queue_arn), mapping.queue_arn)
        ids = [message["MessageId"] for message in messages]
        failed = set(ids)
        if invocation.error is None:
            failed = failed_message_ids(invocation.response, ids, mapping.response_types)
        done = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages)
            if message["MessageId"] not in failed
        ]
        if done:
            client = self._client("sqs", mapping.function)
            client.delete_message_batch(QueueUrl=mapping.queue_url, Entries=done)
        return invocation

    def _run(self, function: DeployedFunction, event: Any, queue_arn: str | None = None) -> Invocation:
        request_id = str(uuid.uuid4())
        at = self.aws.clock.now()
        credentials = self.aws.credentials(function.role, function.name)
        request = InvocationRequest(request_id, json.dumps(event).encode(), at, credentials)
        result = self._runtime.invoke(function, request)
        result = replace(result, log_lines=[line for line in result.log_lines if function.keeps(line)])
        self._write_log(function, result, request_id)
        return Invocation(
            function_name=function.name,
            request_id=request_id,
            event=event,
            response=None if result.response is None else json.loads(result.response),
            error=result.error,
            log_lines=result.log_lines,
            at=at,
            duration=result.duration,
            init_duration=result.init_duration,
            queue_arn=queue_arn,
        )

    def _write_log(self, function: DeployedFunction, result: RuntimeResult, request_id: str) -> None:
        """Write to CloudWatch Logs as the function's role; a role that may not do so loses the lines, as in Lambda."""
        logs = self._client("logs", function)
        stream = {"logGroupName": function.log_group, "logStreamName": result.log_stream}
        timestamp = int(self.aws.clock.now() * 1000)
        lines = [*result.log_lines, *function.system_log(result, request_id, timestamp)]
        events = [{"timestamp": timestamp, "message": line} for line in lines]
        try:
            if result.log_stream not in self._log_streams:
                self._create_log_stream(logs, stream)
            if events:
                logs.put_log_events(**stream, logEvents=events)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise

    def _create_log_stream(self, logs: BaseClient, stream: dict[str, str]) -> None:
        try:
            logs.create_log_stream(**stream)
        except logs.exceptions.ResourceNotFoundException:
            logs.create_log_group(logGroupName=stream["logGroupName"])
            logs.create_log_stream(**stream)
        self._log_streams.add(stream["logStreamName"])

    def _client(self, service: str, function: DeployedFunction) -> BaseClient:
        """Return a client of the service itself, in the function's Region and under its role."""
        credentials = self.aws.credentials(function.role, SERVICE_SESSION)
        return self.aws.client(service, function.region, access_key=credentials["AWS_ACCESS_KEY_ID"])

    def _answer_invoke(self, call: Call) -> Answer:
        """Answer Invoke (API reference: Invoke)."""
        name, qualifier = call.parameters["FunctionName"], call.parameters.get("Qualifier")
        try:
            function = DeployedFunction.read(lambda_backends[self.aws.account][call.region], name, qualifier)
        except UnknownFunctionException as error:
            raise AwsError("ResourceNotFoundException", error.message) from error
        kind = call.parameters.get("InvocationType", "RequestResponse")
        if kind == "DryRun":
            return HTTPStatus.NO_CONTENT, {}, b""
        # The embedded AWS answers one call at a time, and the function makes calls.
        self.aws.lock.release()
        try:
            invocation = self._run(function, json.loads(call.parameters.get("Payload") or b"{}"))
        finally:
            self.aws.lock.acquire()
        if kind == "Event":
            return HTTPStatus.ACCEPTED, {}, b""
        headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": function.version}
        if call.parameters.get("LogType") == "Tail":
            tail = "\n".join(invocation.log_lines).encode()[-LOG_TAIL_BYTES:]
            headers["X-Amz-Log-Result"] = base64.b64encode(tail).decode()
        if invocation.error is not None:
            headers["X-Amz-Function-Error"] = "Unhandled"
        return HTTPStatus.OK, headers, json.dumps(invocation.error or invocation.response).encode()
