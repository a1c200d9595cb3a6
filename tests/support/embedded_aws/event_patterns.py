"""EventBridge event patterns: which are valid, and which events they match.

Source: EventBridge user guide, "Creating event patterns", "Comparison operators for use in event patterns" and
"Quotas" (2048 characters by default), "Wildcards and event pattern complexity"; what a wildcard may be, and what makes
a pattern complex, is in EventBridge's matcher, Event Ruler (README; MachineComplexityEvaluator, from 2.1 on). How
complex it may be is not documented: of github.com/vals-ai/Valkyrie/pull/278 the one that was taken has 9, the one that
was refused 12.
"""

import ipaddress
import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.support.embedded_aws.answers import AwsError

ABSENT = object()
MOST_CHARACTERS = 2048
MOST_COMPLEX = 10
NUMERIC = {"<": operator.lt, "<=": operator.le, "=": operator.eq, ">": operator.gt, ">=": operator.ge}


def parse(pattern: str) -> dict[str, Any]:
    """Return a pattern from its JSON text; raise AwsError if PutRule would refuse it."""
    try:
        parsed = json.loads(pattern)
    except ValueError:
        raise _invalid("Filter is not valid JSON") from None
    if len(pattern) > MOST_CHARACTERS:
        raise AwsError("LimitExceededException", f"EventPattern has more than {MOST_CHARACTERS} characters")
    if not isinstance(parsed, dict) or not parsed:
        raise _invalid("Filter must be a non-empty object")
    _check(parsed)
    complexities: Counter[str] = Counter()
    for field, wildcard in _wildcards(parsed):
        complexities[field] += _places(wildcard)
    if any(complexity > MOST_COMPLEX for complexity in complexities.values()):
        raise _invalid("Rule is too complex - try using fewer wildcard characters")
    return parsed


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether `pattern` matches `event`.

    All fields of the pattern must match, any of the values of a field. A list in the event matches if any of its
    items does. `exists` is about the field itself, and the field must exist for every other comparison.
    """
    if isinstance(event, list):
        return any(matches(pattern, item) for item in event)
    fields = event if isinstance(event, dict) else {}
    return all(_field_matches(name, wanted, fields) for name, wanted in pattern.items())


def _field_matches(name: str, wanted: Any, fields: Mapping[str, Any]) -> bool:
    if name == "$or":
        return any(matches(alternative, fields) for alternative in wanted)
    value = fields.get(name, ABSENT)
    if isinstance(wanted, dict):
        return matches(wanted, value)
    values = value if isinstance(value, list) else [value]
    return any(_value_matches(one, value) for one in wanted for value in values or [ABSENT])


def _value_matches(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, dict):
        return value is not ABSENT and type(value) is type(wanted) and value == wanted
    ((name, operand),) = wanted.items()
    if name == "exists":
        # Only leaves exist: an object is none.
        return (value is not ABSENT and not isinstance(value, dict)) is operand
    return value is not ABSENT and _COMPARISONS[name](operand, value)


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        return not _value_matches(operand, value)
    return value not in (operand if isinstance(operand, list) else [operand])


def _text(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def holds(operand: Any, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(operand, list):
            return any(holds(one, value) for one in operand)
        if isinstance(operand, dict):
            return compare(operand["equals-ignore-case"].lower(), value.lower())
        return compare(operand, value)

    return holds


def _wildcard(operand: str, value: str) -> bool:
    parts = re.split(r"(\\[*\\]|\*)", operand)
    regular = "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
    return re.fullmatch(regular, value, re.DOTALL) is not None


def _numeric(operand: list[Any], value: Any) -> bool:
    comparisons = zip(operand[::2], operand[1::2], strict=True)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and all(NUMERIC[sign](value, limit) for sign, limit in comparisons)


def _cidr(operand: str, value: Any) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(operand)
    except ValueError:
        return False


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _text(lambda operand, value: operand.lower() == value.lower()),
    "numeric": _numeric,
    "prefix": _text(lambda operand, value: value.startswith(operand)),
    "suffix": _text(lambda operand, value: value.endswith(operand)),
    "wildcard": _text(_wildcard),
}
# What each operand may be; `anything-but` may also hold another comparison of text.
_OPERANDS: dict[str, Callable[[Any], bool]] = {
    "anything-but": lambda operand: _scalars(operand) or _text_comparison(operand, {"prefix", "suffix", "wildcard"}),
    "cidr": lambda operand: isinstance(operand, str),
    "equals-ignore-case": lambda operand: isinstance(operand, str),
    "exists": lambda operand: isinstance(operand, bool),
    "numeric": lambda operand: isinstance(operand, list) and bool(operand) and all(s in NUMERIC for s in operand[::2]),
    "prefix": lambda operand: isinstance(operand, str) or _text_comparison(operand, set()),
    "suffix": lambda operand: isinstance(operand, str) or _text_comparison(operand, set()),
    "wildcard": lambda operand: isinstance(operand, str) and _is_wildcard(operand),
}


def _check(pattern: Mapping[str, Any]) -> None:
    for name, wanted in pattern.items():
        if name == "$or":
            if not isinstance(wanted, list) or len(wanted) < 2 or not all(isinstance(one, dict) for one in wanted):
                raise _invalid("$or must be an array of two or more objects")
            for alternative in wanted:
                _check(alternative)
        elif isinstance(wanted, dict):
            if not wanted:
                raise _invalid("Empty objects are not allowed")
            _check(wanted)
        elif isinstance(wanted, list) and wanted:
            for one in wanted:
                _check_value(one)
        elif isinstance(wanted, list):
            raise _invalid("Empty arrays are not allowed")
        else:
            raise _invalid(f'"{name}" must be an object or an array')


def _check_value(wanted: Any) -> None:
    if isinstance(wanted, list):
        raise _invalid("Arrays of arrays are not allowed")
    if isinstance(wanted, dict):
        if len(wanted) != 1:
            raise _invalid("Only one key allowed in match expression")
        ((name, operand),) = wanted.items()
        if name not in _OPERANDS:
            raise _invalid(f"Unrecognized match type {name}")
        if not _OPERANDS[name](operand):
            raise _invalid(f"Invalid value for match type {name}")


def _scalars(operand: Any) -> bool:
    values = operand if isinstance(operand, list) else [operand]
    return bool(values) and all(isinstance(value, str | int | float) for value in values)


def _text_comparison(operand: Any, names: set[str]) -> bool:
    if not isinstance(operand, dict) or len(operand) != 1:
        return False
    ((name, text),) = operand.items()
    texts = text if isinstance(text, list) else [text]
    if name not in {*names, "equals-ignore-case"} or not texts or not all(isinstance(one, str) for one in texts):
        return False
    return name != "wildcard" or all(map(_is_wildcard, texts))


def _is_wildcard(text: str) -> bool:
    """Whether no two asterisks follow each other, and only asterisks and backslashes are escaped."""
    return re.fullmatch(r"(?:\\[*\\]|\*(?!\*)|[^*\\])*", text) is not None


def _wildcards(pattern: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each wildcard with its field, those of all alternatives of `$or` too."""
    for name, wanted in pattern.items():
        field = f"{path}.{name}"
        if name == "$or":
            for alternative in wanted:
                yield from _wildcards(alternative, path)
        elif isinstance(wanted, dict):
            yield from _wildcards(wanted, field)
        else:
            yield from ((field, wildcard) for value in wanted for wildcard in _wildcards_of(value))


def _wildcards_of(value: Any) -> list[str]:
    operand = value.get("anything-but", value) if isinstance(value, dict) else None
    texts = operand.get("wildcard", []) if isinstance(operand, dict) else []
    return [text for text in (texts if isinstance(texts, list) else [texts]) if "*" in text]


def _places(wildcard: str) -> int:
    """Return at how many places of a wildcard a value may be at once: past asterisks, and on the way to the next."""
    tokens = re.findall(r"\\[*\\]|.", wildcard, re.DOTALL)

    def past_asterisk(place: int) -> int:
        return place + 1 if tokens[place : place + 1] == ["*"] else place

    def after(places: frozenset[int], token: str) -> frozenset[int]:
        stay = {place for place in places if place and tokens[place - 1] == "*"}
        return frozenset(stay | {past_asterisk(place + 1) for place in places if tokens[place : place + 1] == [token]})

    seen = pending = {frozenset({past_asterisk(0)})}
    while pending:
        pending = {after(places, token) for places in pending for token in {*tokens} - {"*"}} - seen
        seen = seen | pending
    return max(map(len, seen))


def _invalid(reason: str) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
