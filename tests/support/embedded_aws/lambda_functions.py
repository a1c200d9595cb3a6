"""Lambda functions: moto's, with the parts of their configuration that moto drops.

Source: Lambda API reference, CreateFunction, UpdateFunctionConfiguration and FunctionConfiguration; developer guide,
Lambda quotas, for the size of the environment, which is measured as JSON
(github.com/github-aws-runners/terraform-aws-github-runner/issues/3594).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from unittest.mock import patch

from moto.awslambda.models import LambdaFunction

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.event_source_mappings import EventSourceMappings
from tests.support.embedded_aws.service import Moto, extends_moto, output_of

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call

# Dropped by moto when a function is created, or when it is updated.
KEPT = ("DeadLetterConfig", "EphemeralStorage", "FileSystemConfigs", "KMSKeyArn", "LoggingConfig", "TracingConfig")
MOST_ENVIRONMENT_BYTES = 4096


class Lambda(EventSourceMappings):
    """The Lambda of every Region."""

    name: ClassVar[str] = "lambda"

    @extends_moto
    def create_function(self, call: "Call", moto: Moto) -> dict[str, Any]:
        """CreateFunction."""
        _check_environment(call)
        created = output_of(moto)
        return created | self._keep(call, created["FunctionName"])

    @extends_moto
    def update_function_configuration(self, call: "Call", moto: Moto) -> dict[str, Any]:
        """UpdateFunctionConfiguration."""
        _check_environment(call)
        updated = output_of(moto)
        return updated | self._keep(call, updated["FunctionName"])

    @extends_moto
    def add_permission(self, call: "Call", moto: Moto) -> dict[str, Any]:
        """AddPermission: a statement ID is taken once (github.com/hashicorp/terraform-provider-aws/issues/3312)."""
        sent = call.parameters
        try:
            function, arn = self._function(call.region, sent["FunctionName"])
        except AwsError:
            return output_of(moto)  # whose error is the operation's
        resource = ":".join([arn, *([sent["Qualifier"]] if "Qualifier" in sent else [])])
        if (sent["StatementId"], resource) in [(one["Sid"], one["Resource"]) for one in function.policy.statements]:
            raise AwsError(
                "ResourceConflictException",
                f"The statement id ({sent['StatementId']}) provided already exists. Please provide a new statement id, "
                "or remove the existing statement.",
            )
        return output_of(moto)

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Let moto tell what is kept here."""
        told_by_moto: Callable[..., dict[str, Any]] = LambdaFunction.get_configuration

        def get_configuration(function: LambdaFunction, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 (moto's signature)
            told = told_by_moto(function, on_create)
            # YYYY-MM-DDThh:mm:ss.sTZD (API reference); in recorded answers the zone is +0000.
            return told | {"LastModified": f"{told['LastModified'][:23]}+0000"} | _kept(function)

        with patch.object(LambdaFunction, "get_configuration", get_configuration):
            yield

    def _keep(self, call: "Call", name: str) -> dict[str, Any]:
        function = self._backend(call.region).get_function(name)
        vars(function)["kept"] = vars(function).get("kept", {}) | {
            field: call.parameters[field] for field in KEPT if field in call.parameters
        }
        return _kept(function)


def _check_environment(call: "Call") -> None:
    measured = json.dumps(call.parameters.get("Environment", {}).get("Variables", {}), separators=(",", ":"))
    if len(measured) > MOST_ENVIRONMENT_BYTES:
        raise AwsError(
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}",
        )


def _kept(function: LambdaFunction) -> dict[str, Any]:
    kept: dict[str, Any] = dict(vars(function).get("kept", {}))
    logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}
    return kept | {"LoggingConfig": logging | kept.get("LoggingConfig", {})}
