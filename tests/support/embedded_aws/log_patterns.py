"""Filter patterns of CloudWatch Logs for lines that are JSON: which are valid, and which lines they match.

Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters, subscription filters, filter log events,
and Live Tail", on JSON log events. Known here: `{ $.field.field = "text" }` and `!=`, `*` in the text, `&&`, `||` and
parentheses. Numbers, array indexes, IS, EXISTS and regular expressions are refused, which AWS takes. What `!=` says of
a line that lacks the field is unverified: here it does not match.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.embedded_aws.answers import AwsError

Matcher = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(r'\s*(?:(\$(?:\.\w+)+)|(!?=)|"([^"]*)"|(&&|\|\||[(){}]))')


def parse(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a line matches; raise AwsError if the pattern is not one, or not one of those above."""
    tokens = _Tokens(pattern)
    tokens.take("{")
    matches = _any_of(tokens)
    tokens.take("}")
    tokens.take(None)
    return lambda line: _fields(line) is not None and matches(_fields(line) or {})


class _Tokens:
    """A pattern's words, one after another."""

    def __init__(self, pattern: str) -> None:
        self._words: list[str] = []
        position = 0
        rest = pattern.rstrip()
        while position < len(rest):
            match = _TOKEN.match(rest, position)
            if not match:
                raise _invalid()
            text = match[3]
            self._words.append(match[0].strip() if text is None else f'"{text}')
            position = match.end()

    @property
    def next(self) -> str | None:
        """The word that comes next; None at the end."""
        return self._words[0] if self._words else None

    def take(self, *allowed: str | None) -> str:
        """Return the next word and go on; raise AwsError if words are `allowed` and it is none of them."""
        if allowed and self.next not in allowed:
            raise _invalid()
        return self._words.pop(0) if self._words else ""


def _any_of(tokens: _Tokens) -> Matcher:
    parts = [_all_of(tokens)]
    while tokens.next == "||":
        tokens.take()
        parts.append(_all_of(tokens))
    return lambda fields: any(part(fields) for part in parts)


def _all_of(tokens: _Tokens) -> Matcher:
    parts = [_condition(tokens)]
    while tokens.next == "&&":
        tokens.take()
        parts.append(_condition(tokens))
    return lambda fields: all(part(fields) for part in parts)


def _condition(tokens: _Tokens) -> Matcher:
    if tokens.next == "(":
        tokens.take()
        inner = _any_of(tokens)
        tokens.take(")")
        return inner
    selector, comparison, text = tokens.take(), tokens.take("=", "!="), tokens.take()
    if not selector.startswith("$.") or not text.startswith('"'):
        raise _invalid()
    wanted = re.compile(".*".join(map(re.escape, text[1:].split("*"))), re.DOTALL)
    names = selector.split(".")[1:]

    def matches(fields: Mapping[str, Any]) -> bool:
        value: Any = fields
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return isinstance(value, str) and bool(wanted.fullmatch(value)) == (comparison == "=")

    return matches


def _fields(line: str) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(line)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _invalid() -> AwsError:
    return AwsError("InvalidParameterException", "Invalid filter pattern")
