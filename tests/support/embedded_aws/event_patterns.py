"""EventBridge event patterns: which are valid, and which events they match.

Sources: EventBridge user guide, "Creating event patterns", "Comparison operators for use in event patterns" and
"Quotas" (2048 characters by default); recorded answers of TestEventPattern (tests/facts); EventBridge's matcher, Event
Ruler (README, JsonRuleCompiler, CIDR).

moto compares the values. It does not check patterns (of 38 recorded refusals it gives 3), and it matches an empty list
as one that exists, no object inside a list, and 1 as true: fields are found and patterns checked here.
"""

import ipaddress
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from moto.events.models import EventPattern

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.event_pattern_complexity import MOST_COMPLEX, complexity

MOST_CHARACTERS = 2048
# What `anything-but` may be about, and the message for a value of it that is no text.
NOT_TEXT = {
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
}
NUMERIC = {"<", "<=", "=", ">", ">="}
IP_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*")

Fields = dict[str, list[Any]]


def parse(pattern: str) -> dict[str, Any]:
    """Return a pattern from its JSON text; raise AwsError if PutRule would refuse it."""
    try:
        parsed = json.loads(pattern)
    except ValueError:
        _refuse("Filter is not valid JSON")
    if len(pattern) > MOST_CHARACTERS:
        raise AwsError("LimitExceededException", f"EventPattern has more than {MOST_CHARACTERS} characters")
    if not isinstance(parsed, dict):
        _refuse("Filter is not an object")
    _check(parsed)
    if complexity(parsed) > MOST_COMPLEX:
        _refuse(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after "
            "a wildcard character"
        )
    return parsed


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether `pattern` matches `event`.

    All fields of the pattern must match, any of the values of a field. A field is known by its path, whatever the
    objects on the way. A list in the event matches if one of its items does; what a pattern wants of an object in a
    list, one object must have. An empty list and an object do not exist as fields.
    """
    wanted = {path.rsplit(".", up)[0] for path in _paths(pattern, "") for up in range(path.count(".") + 1)}
    return any(_holds(pattern, "", fields) for fields in _alternatives("", event, wanted))


def _paths(pattern: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield the paths of the fields that a pattern names."""
    for name, wanted in pattern.items():
        if name == "$or":
            for alternative in wanted:
                yield from _paths(alternative, path)
        elif isinstance(wanted, dict):
            yield from _paths(wanted, f"{path}.{name}")
        else:
            yield f"{path}.{name}"


def _alternatives(path: str, value: Any, wanted: set[str]) -> Iterator[Fields]:
    """Yield the wanted fields of `value` by their paths, once for each choice of objects from lists.

    A list at whose path is no wanted field, nor one further in, offers no choice: an event with many lists would have
    too many. `wanted` are the paths of all of these.
    """
    if path not in wanted:
        yield {}
    elif isinstance(value, dict):
        members = [[*_alternatives(f"{path}.{name}", member, wanted)] for name, member in value.items()]
        for choice in itertools.product(*members):
            merged: Fields = {}
            for fields in choice:
                for name, values in fields.items():
                    merged.setdefault(name, []).extend(values)
            yield merged
    elif isinstance(value, list):
        plain = [item for item in value if not isinstance(item, dict | list)]
        own: Fields = {path: plain} if plain else {}
        inner = [
            fields for item in value if isinstance(item, dict | list) for fields in _alternatives(path, item, wanted)
        ]
        yield from ({**own, **fields} for fields in inner or [{}])
    else:
        yield {path: [value]}


def _holds(pattern: Mapping[str, Any], path: str, fields: Fields) -> bool:
    return all(
        any(_holds(alternative, path, fields) for alternative in wanted)
        if name == "$or"
        else _holds(wanted, f"{path}.{name}", fields)
        if isinstance(wanted, dict)
        else any(_accepts(one, fields.get(f"{path}.{name}", [])) for one in wanted)
        for name, wanted in pattern.items()
    )


def _accepts(wanted: Any, values: list[Any]) -> bool:
    if not isinstance(wanted, dict):
        return any(isinstance(value, bool) is isinstance(wanted, bool) and value == wanted for value in values)
    if "exists" in wanted:
        return bool(values) is wanted["exists"]
    numbers = [value for value in values if not isinstance(value, bool)] if "numeric" in wanted else values
    return any(EventPattern._does_item_match_named_filter(value, wanted) for value in numbers)  # noqa: SLF001 (no public one)


def _check(pattern: Mapping[str, Any]) -> None:
    if not pattern:
        _refuse("Empty objects are not allowed")
    for name, wanted in pattern.items():
        if name == "$or":
            _check_alternatives(wanted)
        elif isinstance(wanted, dict):
            _check(wanted)
        elif isinstance(wanted, list):
            if not wanted:
                _refuse("Empty arrays are not allowed")
            for one in wanted:
                _check_value(one)
        else:
            _refuse(f'"{name}" must be an object or an array')


def _check_alternatives(wanted: Any) -> None:
    if not isinstance(wanted, list):
        _refuse("It must be an Array followed with $or.")
    if not all(isinstance(alternative, dict) for alternative in wanted):
        _refuse("Only JSON object is allowed in array of $or relationship.")
    if len(wanted) < 2:
        _refuse("There must have at least 2 Objects in $or relationship.")
    for alternative in wanted:
        _check(alternative)


def _check_value(wanted: Any) -> None:
    if isinstance(wanted, list):
        _refuse("Match value must be String, number, true, false, or null")
    if isinstance(wanted, dict):
        name = next(iter(wanted), None)
        if name is None:
            _refuse("Match expression name not found")
        if name not in _OPERATORS:
            _refuse(f"Unrecognized match type {name}")
        _OPERATORS[name](wanted[name])
        if len(wanted) > 1:
            _refuse("Only one key allowed in match expression")


def _text(name: str, operand: Any) -> None:
    if not isinstance(operand, str):
        _refuse(f"{name} match pattern must be a string")


def _affix(name: str) -> Callable[[Any], None]:
    def check(operand: Any) -> None:
        if not isinstance(operand, dict):
            return _text(name, operand)
        inner = next(iter(operand), None)
        if inner != "equals-ignore-case":
            _refuse(f"Unsupported {name} pattern: {inner}")
        _text("equals-ignore-case", operand[inner])
        return None if len(operand) == 1 else _refuse("Only one key allowed in match expression")

    return check


def _wildcard(operand: Any) -> None:
    _text("wildcard", operand)
    position = 1  # in bytes; Event Ruler puts a quotation mark before the text
    tokens = re.findall(r"\\[*\\]|.", operand, re.DOTALL)
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        if token == "*" and following == "*":  # noqa: S105 (an asterisk is no password)
            _refuse(f"Consecutive wildcard characters at pos {position}")
        if token == "\\":  # noqa: S105 (nor is a backslash)
            _refuse(f"Invalid escape character at pos {position}")
        position += len(token.encode())


def _anything_but(operand: Any) -> None:
    name, wanted = None, operand
    if isinstance(operand, dict):
        name = next(iter(operand), None)
        if name not in NOT_TEXT:
            _refuse(f"Unsupported anything-but pattern: {name}")
        wanted = operand[name]
    if not isinstance(wanted, str | list | int | float) or isinstance(wanted, bool):
        _refuse("Value of anything-but must be an array or single string/number value.")
    values = wanted if isinstance(wanted, list) else [wanted]
    if name is None:
        return _none_of(values)
    if not all(isinstance(value, str) for value in values):
        _refuse(NOT_TEXT[name])
    if name in {"prefix", "suffix"} and "" in values:
        _refuse("Null prefix/suffix not allowed")
    if name == "wildcard":
        for value in values:
            _wildcard(value)
    return None if len(operand) == 1 else _refuse("Too many elements in numeric expression")


def _none_of(values: list[Any]) -> None:
    if not all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in values):
        _refuse("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(value, str) for value in values}) != 1:
        _refuse("Inside anything but list, either all values are number or string, mixed type is not supported")


def _exists(operand: Any) -> None:
    if not isinstance(operand, bool):
        _refuse("exists match pattern must be either true or false.")


def _cidr(operand: Any) -> None:
    _text("prefix", operand)
    if operand.count("/") != 1:
        _refuse("Malformed CIDR, one '/' required")
    address, mask = operand.split("/")
    if not re.fullmatch(r"[+-]?\d+", mask):
        _refuse("Malformed CIDR, mask bits must be an integer")
    if int(mask) < 0:
        _refuse("Malformed CIDR, mask bits must not be negative")
    if not IP_ADDRESS.fullmatch(address):
        _refuse(f"Nonstandard IP address: {address}")
    try:
        bits = ipaddress.ip_address(address).max_prefixlen
    except ValueError:
        _refuse(f"Invalid IP address: {address}")
    if int(mask) >= bits:
        _refuse(f"IPv{4 if bits == 32 else 6} mask bits must be < {bits}")


def _numeric(operand: Any) -> None:
    if not isinstance(operand, list):
        _refuse("Value of numeric must be an array.")
    signs, limits = operand[::2], operand[1::2]
    if not signs or not isinstance(signs[0], str):
        _refuse(f"Invalid member in numeric match: {signs[0] if signs else ']'}")
    if signs[0] not in NUMERIC:
        _refuse(f"Unrecognized numeric range operator: {signs[0]}")
    for number, (sign, limit) in enumerate(itertools.zip_longest(signs, limits)):
        if number == 1 and signs[0] not in {">", ">="}:
            _refuse("Too many elements in numeric expression")
        if number == 1 and not isinstance(sign, str):
            _refuse(f"Bad value in numeric range: {sign}")
        if number == 1 and sign not in {"<", "<="}:
            _refuse(f"Bad numeric range operator: {sign}")
        if number == 2:
            _refuse("Too many terms in numeric range expression")
        if not isinstance(limit, int | float) or isinstance(limit, bool):
            _refuse(f"Value of {'equals' if sign == '=' else sign} must be numeric")


_OPERATORS: dict[str, Callable[[Any], None]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": lambda operand: _text("equals-ignore-case", operand),
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _affix("prefix"),
    "suffix": _affix("suffix"),
    "wildcard": _wildcard,
}


def _refuse(reason: str) -> NoReturn:
    raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
