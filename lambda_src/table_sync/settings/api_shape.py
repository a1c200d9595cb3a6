"""The JSON values of settings, checked against the shapes of AWS's service models.

A value comes from AWS's answer a moment ago, or from a record, which is untrusted input.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from table_sync.aws import service_model
from table_sync.errors import FinalError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "list": (list,),
    "long": (int,),
    "map": (dict,),
    "string": (str,),
    "structure": (dict,),
    "timestamp": (str,),
}
_NAMES = {
    "boolean": "true or false",
    "double": "a number",
    "float": "a number",
    "integer": "a whole number",
    "list": "a list",
    "long": "a whole number",
    "map": "an object",
    "string": "a text",
    "structure": "an object",
    "timestamp": "a time with a time zone",
}


class InvalidValueError(FinalError):
    """A value does not have the form of the AWS API; the message is a clause that says where."""


def checked(value: object, service: str, shape: str, *required: str) -> dict[str, Any]:
    """Return an object with the fields that AWS's service model has for a structure, times as datetime.

    Args:
        value: JSON; times are text (ISO 8601). Fields that are null or not known to botocore are dropped.
        service: botocore's name of the service.
        shape: name of a structure in its service model.
        required: fields of the structure that have to be there, and not empty if they have a least length. What an
            answer always has, the model does not say.

    Raises:
        InvalidValueError: a field is missing or has another type.

    """
    found: dict[str, Any] = _checked(value, service_model(service).shape_for(shape), shape, required)
    return found


def items(value: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list that a value has under a name, empty if it has none.

    Raises:
        InvalidValueError: it is no list.

    """
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise InvalidValueError(f"{name} is not a list")
    return found


def _checked(node: object, shape: Any, path: str, required: tuple[str, ...] | None = None) -> Any:  # noqa: ANN401
    kind = shape.type_name
    right = isinstance(node, _TYPES.get(kind, ())) and (kind == "boolean" or not isinstance(node, bool))
    if not right or not _is_usable(node):
        raise InvalidValueError(f"{path} is not {_NAMES.get(kind, f'a value that is known here ({kind})')}")
    if isinstance(node, dict) and kind == "structure":
        present = {name: node[name] for name in shape.members if node.get(name) is not None}
        names = shape.required_members if required is None else required
        if missing := next((name for name in names if _is_missing(present.get(name), shape.members.get(name))), None):
            raise InvalidValueError(f"{path} has no {missing}")
        return {name: _checked(item, shape.members[name], f"{path}.{name}") for name, item in present.items()}
    if isinstance(node, dict):
        return {key: _checked(item, shape.value, f"{path}.{key}") for key, item in node.items() if _is_usable(key)}
    if isinstance(node, list):
        return [_checked(item, shape.member, f"{path}[{number}]") for number, item in enumerate(node)]
    return _time(str(node), path) if kind == "timestamp" else node


def _is_missing(node: object, shape: Any) -> bool:  # noqa: ANN401
    """Say whether a field is not there, or is empty where AWS has no empty one, such as a name."""
    return node is None or (node == "" and shape.metadata.get("min", 0) > 0)


def _is_usable(node: object) -> bool:
    """Say whether a text can be sent at all, and a number is one."""
    if isinstance(node, float):
        return math.isfinite(node)
    # JSON can have half a character ("\ud800"), which UTF-8 cannot.
    return not isinstance(node, str) or not any("\ud800" <= character <= "\udfff" for character in node)


def _time(text: str, path: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidValueError(f"{path} is not {_NAMES['timestamp']}")
    return time
