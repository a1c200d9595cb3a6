"""What AWS answered, as recorded by others, and how an answer of the embedded AWS is compared with it.

README.md beside this file describes the form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.support.embedded_aws import EmbeddedAWS

Fact = dict[str, Any]
Names = Mapping[str, str]

HERE = Path(__file__).parent
KNOWN_DIFFERENCES: dict[str, str] = json.loads((HERE / "known_differences.json").read_text())
RECORDED: list[Fact] = [fact for path in sorted(HERE.glob("recorded/*.json")) for fact in json.loads(path.read_text())]
FACTS = [fact for fact in RECORDED if "call" in fact]

# What differs from one run to the next, in messages and values alike.
_GENERATED = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}"), "<time>"),
    (re.compile(r"\b\d{12}\b"), "<account>"),
)

SETUPS: dict[str, Callable[[EmbeddedAWS], Names | None]] = {}
OBSERVATIONS: dict[str, Callable[[EmbeddedAWS, Callable[[], Any]], Any]] = {}


def setup(function: Callable[[EmbeddedAWS], Names | None]) -> Callable[[EmbeddedAWS], Names | None]:
    """Register a set-up under its name. It may return names that requests and expectations use as `<name>`."""
    assert function.__name__ not in SETUPS, function.__name__
    SETUPS[function.__name__] = function
    return function


def observation(
    function: Callable[[EmbeddedAWS, Callable[[], Any]], Any],
) -> Callable[[EmbeddedAWS, Callable[[], Any]], Any]:
    """Register what is looked at instead of the answer. It gets a function that makes the fact's call."""
    assert function.__name__ not in OBSERVATIONS, function.__name__
    OBSERVATIONS[function.__name__] = function
    return function


def difference(aws: EmbeddedAWS, fact: Fact) -> str | None:
    """Make the call of `fact` and return how the answer differs from the recorded one, or None."""
    names = (SETUPS[fact["setup"]](aws) if "setup" in fact else None) or {}
    expected = _normal(_filled(fact["expect"], names))
    service, operation = fact["call"].split(":")
    client = aws.client(service, fact.get("region", "eu-west-1"), parameter_validation=False)
    shape = client.meta.service_model.operation_model(operation).input_shape
    request = _as_sent(shape, _filled(fact.get("request", {}), names))

    def call() -> Any:
        answer = getattr(client, xform_name(operation))(**request)
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    try:
        answer = OBSERVATIONS[fact["observe"]](aws, call) if "observe" in fact else call()
    except ClientError as error:
        details = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        seen = _normal({"code": details["Code"], "message": details.get("Message", ""), "status": status})
        recorded = expected.get("error")
        agrees = recorded is not None and seen | recorded == seen
        return None if agrees else f"recorded: {expected}, answered: {seen}"
    if "read" in fact:
        answer = jmespath.search(fact["read"], answer)
    return None if _agrees(answer, expected) else f"recorded: {expected}, answered: {_normal(answer)}"


def _agrees(answer: Any, expected: dict[str, Any]) -> bool:
    ((kind, recorded),) = expected.items()
    if kind == "fields":
        return isinstance(answer, dict) and sorted(answer) == sorted(recorded)
    seen = _normal(answer)
    if kind == "values":
        return isinstance(seen, dict) and seen | recorded == seen
    return kind == "value" and seen == recorded


def _filled(value: Any, names: Names) -> Any:
    if isinstance(value, str):
        for name, named in names.items():
            value = value.replace(f"<{name}>", named)
        return value
    if isinstance(value, dict):
        return {key: _filled(member, names) for key, member in value.items()}
    return [_filled(member, names) for member in value] if isinstance(value, list) else value


def _as_sent(shape: Any, value: Any) -> Any:
    """Return `value` with JSON text in place of each object that the service takes as a string."""
    if shape.type_name == "string" and isinstance(value, dict):
        return json.dumps(value)
    if shape.type_name == "structure" and isinstance(value, dict):
        known = shape.members
        return {key: _as_sent(known[key], member) if key in known else member for key, member in value.items()}
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _as_sent(shape.value, member) for key, member in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_as_sent(shape.member, member) for member in value]
    return value


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, name in _GENERATED:
            value = pattern.sub(name, value)
        return value
    if isinstance(value, dict):
        return {key: _normal(member) for key, member in value.items()}
    return [_normal(member) for member in value] if isinstance(value, (list, tuple)) else value
