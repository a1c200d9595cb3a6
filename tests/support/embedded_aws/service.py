"""What the services of the embedded AWS share: dispatch, checks against the service model, answers and errors."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from botocore import xform_name
from moto.core.utils import get_service_model

from tests.support.embedded_aws.answers import Answer, AwsError, error_answer, error_code
from tests.support.embedded_aws.constraints import violations
from tests.support.embedded_aws.serialization import serializer_class

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call

T = TypeVar("T")
Moto = Callable[[], Answer]


def extends_moto(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a method that wants the way to moto as a second argument."""
    operation.extends_moto = True  # type: ignore[attr-defined]
    return operation


def output_of(moto: Moto) -> dict[str, Any]:
    """Return moto's output, of a service that answers in JSON; raise MotoError if it is an error."""
    answer = moto()
    if error_code(answer):
        raise MotoError(answer)
    body: dict[str, Any] = json.loads(answer[2] or b"{}")
    return body


class MotoError(Exception):
    """moto refused a call: its answer goes to the caller as it is."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__(error_code(answer))
        self.answer = answer


class Service:
    """One service. A method with the name of an operation answers it; moto answers the others.

    Such a method takes the Call and returns the output in the API's shape (or an Answer as it is), or raises
    AwsError. What the method gets has been checked against the service model.
    """

    name: ClassVar[str]
    validation_error: ClassVar[str] = "ValidationException"
    """Error code for parameters that break a constraint of the service model."""

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Be the service of `aws`."""
        self.aws = aws

    @property
    def now(self) -> float:
        """Epoch seconds on the embedded AWS's clock."""
        return self.aws.clock.now()

    def handle(self, call: "Call", moto: Callable[[], Answer]) -> Answer:
        """Answer `call`."""
        try:
            self.check(call)
            operation = getattr(self, xform_name(call.operation), None) if call.operation else None
            if operation is None:
                return moto()
            output = operation(call, moto) if getattr(operation, "extends_moto", False) else operation(call)
        except AwsError as error:
            return error_answer(call, error.code, error.message, error.status, self.now)
        except MotoError as error:
            return error.answer
        return output if isinstance(output, tuple) else self._serialized(call, output or {})

    def check(self, call: "Call") -> None:
        """Raise AwsError if the parameters break a constraint of the service model."""
        if not call.operation:
            return
        shape = get_service_model(call.service).operation_model(call.operation).input_shape
        broken = list(violations(shape, call.parameters)) if shape else []
        if broken:
            many = "errors" if len(broken) > 1 else "error"
            raise AwsError(self.validation_error, f"{len(broken)} validation {many} detected: {'; '.join(broken)}")

    def _serialized(self, call: "Call", output: dict[str, Any]) -> Answer:
        model = get_service_model(call.service)
        serializer = serializer_class(model.service_name, model.protocol)(model.operation_model(call.operation))
        answer = serializer.serialize(output)
        body = answer["body"]
        return (
            answer["status_code"],
            dict(answer["headers"]) | {"x-amzn-RequestId": call.request_id},
            body.encode() if isinstance(body, str) else body,
        )


def page(
    items: Sequence[T], token: str | None, size: int, error: Callable[[], AwsError] | None = None
) -> tuple[list[T], str | None]:
    """Return the page of `items` that `token` points at, and the token of the next page or None."""
    try:
        start = int(token) if token else 0
    except ValueError:
        raise (error() if error else AwsError("ValidationException", "The token is not valid.")) from None
    rest = len(items) > start + size
    return list(items[start : start + size]), str(start + size) if rest else None
