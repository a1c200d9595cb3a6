"""The function behind its rule and queue, in process: hours pass in milliseconds. For what needs no Terraform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from table_sync import aws as function_clients
from table_sync.handler import lambda_handler
from table_sync.records import unwritten
from table_sync.settings import SETTINGS
from tests.support.deployment import deploy_queued_function, zip_of
from tests.support.embedded_aws.lambda_service import InProcessRuntime, LambdaService
from tests.support.rules import PATTERNS
from tests.support.tables import REGION, settings_of, wait_until_active

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tests.support.embedded_aws import Call, EmbeddedAWS
    from tests.support.embedded_aws.lambda_service import Invocation

A_DAY = 24 * 3600


class Pipeline:
    """Rules, queue, dead-letter queue and function, with every setting on, and what came of them.

    A context manager. `handler` stands for the deployed code, which `service` runs by default one invocation after
    another; `variables` are the rest of the function's environment.
    """

    def __init__(
        self,
        aws: EmbeddedAWS,
        handler: Callable[[Any, Any], Any] = lambda_handler,
        *,
        service: LambdaService | None = None,
        max_attempts: int = 1000,
        restore_types: Collection[str] = PATTERNS.keys(),
        **variables: str,
    ) -> None:
        # Clients keep the credentials with which they were made.
        function_clients.start_session()
        unwritten.drop_all()
        self.aws = aws
        self.invocations: list[Invocation] = []
        self.service = service or LambdaService(aws, InProcessRuntime(handler, aws.clock))
        self._max_attempts = max_attempts
        self._restore_types = restore_types
        self._variables = {setting.TOGGLE.upper(): "true" for setting in SETTINGS} | variables

    def __enter__(self) -> Self:
        """Deploy it."""
        self.service.__enter__()
        self.function = deploy_queued_function(
            self.aws,
            "table-sync",
            zip_of({"function.py": "not run: the runtime is in process"}),
            queue_attributes={"DelaySeconds": "60", "VisibilityTimeout": "720", "MessageRetentionPeriod": "1209600"},
            max_receive_count=self._max_attempts,
            variables=self._variables,
            Timeout=120,
        )
        self._route_restores()
        return self

    def __exit__(self, *raised: object) -> None:
        """End the Lambda service."""
        self.service.__exit__(None, None, None)

    def _route_restores(self) -> None:
        events = self.aws.client("events")
        names = {name: f"table-sync-{name}" for name in self._restore_types}
        arns = [events.put_rule(Name=names[name], EventPattern=json.dumps(PATTERNS[name]))["RuleArn"] for name in names]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.function.queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": arns}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        sqs = self.aws.client("sqs")
        sqs.set_queue_attributes(QueueUrl=self.function.queue_url, Attributes={"Policy": policy})
        for rule in names.values():
            events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": self.function.queue_arn}])

    def enforce_permissions(self, policy: Mapping[str, Any] | None = None) -> None:
        """Have AWS enforce IAM, with this policy for the function's role; everything is allowed to it by default."""
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        role_name = self.function.role_arn.rsplit("/", 1)[-1]
        self.aws.client("iam").put_role_policy(
            RoleName=role_name, PolicyName="table-sync", PolicyDocument=json.dumps(policy or everything)
        )
        self.aws.permissions.enforced = True

    def run(self, max_seconds: float = 2 * A_DAY) -> None:
        """Let the queue and the function work until no message is left."""
        self.invocations += self.service.run_until_idle(max_seconds)

    def run_for(self, seconds: float) -> list[dict[str, Any]]:
        """Let them work for so long; return the attempts of that time."""
        before = len(self.attempts)
        end = self.aws.clock.now() + seconds
        self.invocations += self.service.run_until(end)
        self.aws.clock.advance(max(0, end - self.aws.clock.now()))
        return self.attempts[before:]

    def send(self, body: str) -> None:
        """Put a message into the queue, as if the rule had."""
        self.aws.client("sqs").send_message(QueueUrl=self.function.queue_url, MessageBody=body)

    def invoke(self, **event: Any) -> dict[str, Any]:
        """Invoke the function directly; return its report."""
        invocation = self.service.invoke("table-sync", event)
        self.invocations.append(invocation)
        assert invocation.error is None, invocation.error
        report: dict[str, Any] = invocation.response
        return report

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every line of standard output, parsed; a line that is no JSON object is an error."""
        return [json.loads(line) for invocation in self.invocations for line in invocation.log_lines]

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """The log lines that carry a report."""
        return [line for line in self.log if "outcome" in line]

    @property
    def quarantined(self) -> list[dict[str, Any]]:
        """The messages in the dead-letter queue: body and reason."""
        sqs = self.aws.client("sqs")
        messages = []
        while page := sqs.receive_message(
            QueueUrl=self.function.dlq_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            messages += page
        return [
            {
                "body": message["Body"],
                "reason": message.get("MessageAttributes", {}).get("FailureReason", {}).get("StringValue"),
            }
            for message in messages
        ]

    def writes(self) -> list[str]:
        """Return the names of the function's write calls so far, its own queues, events and archive aside."""
        return [
            call.name
            for call in self.calls()
            if not call.operation.startswith(("Describe", "List", "Get"))
            and call.service not in {"events", "s3", "sqs"}
        ]

    def calls(self) -> list[Call]:
        """Return the calls that the function itself made."""
        return [call for call in self.aws.calls if self.made(call)]

    def made(self, call: Call) -> bool:
        """Say whether the function itself made the call, not the Lambda service under the same role."""
        session = f":assumed-role/{self.function.name}/{self.function.name}"
        return call.principal is not None and call.principal.arn.endswith(session)

    def assert_in_sync(self, source: str, target: str, *, source_region: str = REGION) -> None:
        """Fail unless both tables have equal settings by an independent look."""
        wait_until_active(self.aws, target)
        self.aws.clock.advance(120)  # what is still ENABLING
        assert settings_of(self.aws, target) == settings_of(self.aws, source, source_region)


def sync(pipeline: Pipeline, **event: Any) -> dict[str, Any]:
    """Invoke the function for the tables "orders" and "orders-restored"; return its report."""
    return pipeline.invoke(source_table="orders", target_table="orders-restored", **event)


def last_outcome(pipeline: Pipeline, name: str) -> dict[str, Any]:
    """Return what the report of the last attempt says of a setting."""
    outcome: dict[str, Any] = pipeline.attempts[-1]["settings"][name]
    return outcome


def status_and_reason(pipeline: Pipeline, name: str) -> tuple[str, str]:
    """Return status and reason of a setting in the report of the last attempt."""
    outcome = last_outcome(pipeline, name)
    return outcome["status"], outcome["reason"]
