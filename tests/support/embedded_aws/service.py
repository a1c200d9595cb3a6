"""What the services of the embedded AWS share: dispatch, checks against the service model, answers and errors."""

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.model import OperationModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from tests.support.embedded_aws.answers import Answer, AwsError, error_answer, error_code
from tests.support.embedded_aws.calls import Call

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS

# Java's character classes in service models, as Python writes them; a pair of surrogates is a character beyond FFFF.
JAVA_PATTERNS = {
    "\\uD800\\uDC00-\\uDBFF\\uDFFF": "\\U00010000-\\U0010FFFF",
    "\\p{Print}": "[ -~]",
    "\\p{L}\\p{Z}\\p{N}": "\\w\\s",
}

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

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Be the service of `aws`."""
        self.aws = aws

    @property
    def now(self) -> float:
        """Epoch seconds on the embedded AWS's clock."""
        return self.aws.clock.now()

    def handle(self, call: Call, moto: Callable[[], Answer]) -> Answer:
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

    def check(self, call: Call) -> None:
        """Raise AwsError if the parameters break a constraint of the service model."""
        if not call.operation:
            return
        shape = get_service_model(call.service).operation_model(call.operation).input_shape
        violations = list(_violations(shape, call.parameters, "")) if shape else []
        if violations:
            many = "errors" if len(violations) > 1 else "error"
            raise AwsError(
                "ValidationException", f"{len(violations)} validation {many} detected: {'; '.join(violations)}"
            )

    def _serialized(self, call: Call, output: dict[str, Any]) -> Answer:
        model = get_service_model(call.service)
        operation: OperationModel = model.operation_model(call.operation)
        serializer = get_serializer_class(model.service_name, model.protocol)(operation)
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


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:  # noqa: C901 (one branch a kind of shape)
    metadata = shape.metadata
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            return
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"Value at '{_member(path, name)}' failed to satisfy constraint: Member must not be null"
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _violations(member, value[name], _member(path, name))
        return
    if isinstance(shape, ListShape):
        yield from _length(metadata, value, path)
        for number, item in enumerate(value, start=1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")
        return
    if isinstance(shape, MapShape):
        yield from _length(metadata, value, path)
        for item in value.values():
            yield from _violations(shape.value, item, f"{path}.member")
        return
    if shape.type_name == "string":
        yield from _length(metadata, value, path)
        yield from _spelling(shape, value, path)
    elif shape.type_name in {"integer", "long", "float", "double"}:
        if value < metadata.get("min", value):
            yield _violation(value, path, f"Member must have value greater than or equal to {metadata['min']}")
        if value > metadata.get("max", value):
            yield _violation(value, path, f"Member must have value less than or equal to {metadata['max']}")


def _length(metadata: dict[str, Any], value: Sequence[Any], path: str) -> Iterator[str]:
    if len(value) < metadata.get("min", 0):
        yield _violation(value, path, f"Member must have length greater than or equal to {metadata['min']}")
    if len(value) > metadata.get("max", len(value)):
        yield _violation(value, path, f"Member must have length less than or equal to {metadata['max']}")


def _spelling(shape: Shape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _violation(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in JAVA_PATTERNS.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _violation(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _member(path: str, name: str) -> str:
    lower = name[:1].lower() + name[1:]
    return f"{path}.{lower}" if path else lower


def only_one(values: Iterable[T | None]) -> bool:
    """Whether exactly one of `values` is given."""
    return sum(value is not None for value in values) == 1
