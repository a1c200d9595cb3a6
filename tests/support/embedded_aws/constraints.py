"""Does a request keep the constraints of its service model: required members, lengths, ranges, enums, patterns?

Source: botocore's service models; the messages are those of the common validation errors of AWS services.
"""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.model import Shape

from tests.support.embedded_aws.answers import AwsError

# Java's character classes in service models, as Python writes them; a pair of surrogates is a character beyond FFFF.
JAVA_PATTERNS = {
    "\\uD800\\uDC00-\\uDBFF\\uDFFF": "\\U00010000-\\U0010FFFF",
    "\\p{Print}": "[ -~]",
    "\\p{L}\\p{Z}\\p{N}": "\\w\\s",
}
# Where the messages have another order than the service model (recorded answers).
ENUM_ORDERS = {"EventSourcePosition": ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]}


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Yield a sentence for each constraint of `shape` that `value` breaks.

    Raises AwsError (SerializationException) for a value that is not of the shape's type.
    """
    kind, check = _CHECKS.get(shape.type_name, (object, _nothing))
    if not isinstance(value, kind) or (isinstance(value, bool) and shape.type_name != "boolean"):
        raise AwsError("SerializationException", f"{path or 'The request'} is not of type {shape.type_name}")
    yield from check(shape, value, path)


def _structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value at '{_member(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from violations(member, value[name], _member(path, name))


def _list(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    yield from _length(shape, value, path)
    for number, item in enumerate(value, start=1):
        yield from violations(shape.member, item, f"{path}.{number}.member")


def _map(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    yield from _length(shape, value, path)
    for item in value.values():
        yield from violations(shape.value, item, f"{path}.member")


def _string(shape: Any, value: str, path: str) -> Iterator[str]:
    yield from _length(shape, value, path)
    if shape.enum and value not in shape.enum:
        values = ", ".join(ENUM_ORDERS.get(shape.name, shape.enum))
        yield _violation(value, path, f"Member must satisfy enum value set: [{values}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _number(shape: Any, value: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", value), shape.metadata.get("max", value)
    if value < least:
        yield _violation(value, path, f"Member must have value greater than or equal to {least}")
    if value > most:
        yield _violation(value, path, f"Member must have value less than or equal to {most}")


def _nothing(_shape: Any, _value: Any, _path: str) -> Iterator[str]:
    yield from ()


def _length(shape: Shape, value: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    if len(value) < least:
        yield _violation(value, path, f"Member must have length greater than or equal to {least}")
    if len(value) > most:
        yield _violation(value, path, f"Member must have length less than or equal to {most}")


_CHECKS: dict[str, tuple[Any, Callable[[Any, Any, str], Iterator[str]]]] = {
    "structure": (dict, _structure),
    "list": (list, _list),
    "map": (dict, _map),
    "string": (str, _string),
    "integer": (int, _number),
    "long": (int, _number),
    "float": (int | float, _number),
    "double": (int | float, _number),
    "boolean": (bool, _nothing),
}


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
