"""The deployed module by the names that main.tf gives to its parts, and reads of them. Nothing here writes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from table_sync import aws, errors
from table_sync.aws import Location
from table_sync.command_line import command_errors
from table_sync.command_line.doctor.finding import UnreadableError
from table_sync.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

# Service models and recorded answers: IAM, SQS, S3 and CloudWatch have the first, KMS and EC2 the last two.
_NOT_ALLOWED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "KMSAccessDeniedException",
    "UnauthorizedOperation",
}
_NOT_FOUND = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchEntity",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "TrailNotFoundException",
}
# S3's operations that have no action of their own (Service Authorization Reference).
_ACTIONS = {"s3:ListObjectsV2": "s3:ListBucket"}
RESTORE_TYPES = ("point-in-time", "backup", "aws-backup")
"""As the names of rules and alarms end."""


@dataclass
class Deployment:
    """An instance of the module: the input `name`, and the Region."""

    name: str
    region: str
    _read: dict[str, Any] = field(default_factory=dict, repr=False)

    def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:  # noqa: ANN401 (any of AWS's)
        """Make a call, once.

        Args:
            service: as botocore names it; for the services that are read here, also the prefix of their IAM actions.
            operation: as in the API reference, such as GetQueueUrl.
            **parameters: of the operation.

        Returns:
            the answer, None if AWS does not find what it is about.

        Raises:
            UnreadableError: the caller is not allowed to, or AWS refused for another reason.
            botocore.exceptions.BotoCoreError: there are no credentials, or AWS cannot be reached.
            botocore.exceptions.ClientError: AWS does not accept the credentials.

        """
        key = json.dumps([service, operation, parameters], sort_keys=True, default=str)
        if key not in self._read:
            self._read[key] = self._call(service, operation, parameters)
        found: dict[str, Any] | None = self._read[key]
        return found

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = getattr(aws.client(service, self.region), xform_name(operation))(**parameters)
        except ClientError as error:
            code = command_errors.code(error)
            if code in _NOT_FOUND:
                return None
            if code in _NOT_ALLOWED:
                action = _ACTIONS.get(f"{service}:{operation}", f"{service}:{operation}")
                raise UnreadableError(f"{action} is not allowed to you", "allow it, and run doctor again") from error
            if command_errors.blames_credentials(error):
                raise
            raise UnreadableError(errors.explain(error).rstrip("."), "run doctor again later") from error
        except BotoCoreError:
            raise
        return answer

    def pages(self, service: str, operation: str, key: str, token: str = "NextToken", **parameters: Any) -> list[Any]:  # noqa: ANN401, S107 (as above; no password)
        """Return the items under `key` of all pages of a call; `token` names what continues it in both directions."""
        items: list[Any] = []
        more: dict[str, Any] = {}
        while True:
            answer = self.read(service, operation, **parameters, **more) or {}
            items += answer.get(key, [])
            if not answer.get(token):
                return items
            more = {token: answer[token]}

    @cached_property
    def location(self) -> Location:
        """Where it is; GetCallerIdentity needs no permission."""
        return Location.of_caller(self.region)

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource beside the module."""
        return f"arn:{self.location.partition}:{service}:{self.region}:{self.location.account}:{resource}"

    @property
    def dlq_name(self) -> str:
        """Name of the dead-letter queue."""
        return f"{self.name}-dlq"

    @property
    def recorder_name(self) -> str:
        """Name of the recorder function and of its queue."""
        return f"{self.name}-recorder"

    @property
    def rule_names(self) -> dict[str, str]:
        """Names of the rules that match restores, by restore type."""
        return {restore_type: f"{self.name}-{restore_type}" for restore_type in RESTORE_TYPES}

    def queue(self, name: str) -> dict[str, str] | None:
        """Return the attributes of a queue, None if there is no such queue."""
        url = self.read("sqs", "GetQueueUrl", QueueName=name)
        attributes = url and self.read("sqs", "GetQueueAttributes", QueueUrl=url["QueueUrl"], AttributeNames=["All"])
        return attributes["Attributes"] if attributes else None

    def rule(self, name: str) -> dict[str, Any] | None:
        """Return a rule of the default event bus."""
        return self.read("events", "DescribeRule", Name=name)

    def rules(self) -> dict[str, dict[str, Any]]:
        """Return the rules of restores that exist, by restore type."""
        found = {restore_type: self.rule(name) for restore_type, name in self.rule_names.items()}
        return {restore_type: rule for restore_type, rule in found.items() if rule}

    def targets(self, rule: str) -> list[dict[str, Any]]:
        """Return the targets of a rule."""
        return self.pages("events", "ListTargetsByRule", "Targets", Rule=rule)

    def function(self) -> dict[str, Any]:
        """Return the function's configuration.

        Raises:
            UnreadableError: there is no function, or it may not be read.

        """
        configuration = self.read("lambda", "GetFunctionConfiguration", FunctionName=self.name)
        if configuration is None:
            raise UnreadableError(f"there is no function {self.name}", "see what is said of the function")
        return configuration

    def recorder(self) -> dict[str, Any] | None:
        """Return the recorder's configuration, None without enable_records."""
        return self.read("lambda", "GetFunctionConfiguration", FunctionName=self.recorder_name)

    def environment(self) -> dict[str, str]:
        """Return the function's environment.

        Raises:
            UnreadableError: there is no function, or its environment is encrypted and may not be decrypted.

        """
        return environment_of(self.function())

    def config(self) -> Config:
        """Return what the function's environment says.

        Raises:
            UnreadableError: it cannot be read.
            table_sync.config.ConfigurationError: the function does not accept it.

        """
        return Config.from_environment(self.environment())

    def schedule(self, key: str) -> dict[str, Any] | None:
        """Return the rule that sends {key: true}, "sweep" or "look_up", to the recorder; None if none does."""
        recorder = self.arn("lambda", f"function:{self.recorder_name}")
        for rule in self.pages("events", "ListRules", "Rules", NamePrefix=f"{self.name}-"):
            if rule.get("ScheduleExpression") and any(
                target["Arn"] == recorder and _input(target).get(key) is True for target in self.targets(rule["Name"])
            ):
                found: dict[str, Any] = rule
                return found
        return None


def environment_of(configuration: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment in a function's configuration.

    Raises:
        UnreadableError: it is encrypted and may not be decrypted.

    """
    environment: dict[str, Any] = configuration.get("Environment", {})
    if environment.get("Error"):
        reason = environment["Error"].get("ErrorCode", "unknown error")
        name = configuration["FunctionName"]
        raise UnreadableError(
            f"Lambda cannot decrypt the environment of {name} for you ({reason})", "allow kms:Decrypt"
        )
    variables: dict[str, str] = environment.get("Variables", {})
    return variables


def _input(target: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(target.get("Input", ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
