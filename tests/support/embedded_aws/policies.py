"""Policy documents: does one allow or deny a request?

Source: IAM user guide, Policy evaluation logic, JSON policy element reference (condition operators).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class AccessRequest:
    """Who wants to do what to which resource.

    `principal` is an ARN, or the host name of a service such as "events.amazonaws.com". `context` holds condition
    keys, of which the case does not count, with the values as strings.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def decision(policy: str | Mapping[str, Any] | None, request: AccessRequest) -> bool | None:
    """Return True if `policy` allows `request`, False if it denies it, None if it says nothing.

    Raises NotImplementedError for a condition operator that this evaluation does not know.
    """
    document: Mapping[str, Any] = json.loads(policy) if isinstance(policy, str) else policy or {}
    effects = {statement["Effect"] for statement in _listed(document.get("Statement")) if _applies(statement, request)}
    return False if "Deny" in effects else "Allow" in effects or None


def _applies(statement: Mapping[str, Any], request: AccessRequest) -> bool:
    return (
        _matches(statement, "Principal", lambda wanted: _principal_matches(wanted, request.principal))
        and _matches(statement, "Action", lambda wanted: _like_any(wanted, request.action, ignore_case=True))
        and _matches(statement, "Resource", lambda wanted: _like_any(wanted, request.resource))
        and all(
            _condition_holds(operator, key, _listed(values), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _matches(statement: Mapping[str, Any], element: str, test: Callable[[Any], bool]) -> bool:
    if element in statement:
        return test(statement[element])
    return not test(statement[f"Not{element}"]) if f"Not{element}" in statement else True


def _principal_matches(wanted: Any, principal: str) -> bool:
    if wanted == "*":
        return True
    kind = "Service" if principal.endswith(".amazonaws.com") else "AWS"
    return any(
        value in {"*", principal} or (kind == "AWS" and _names_account_of(value, principal))
        for value in _listed(wanted.get(kind))
    )


def _names_account_of(value: str, principal: str) -> bool:
    parts = principal.split(":")
    account = parts[4]
    if value in {account, f"arn:{parts[1]}:iam::{account}:root"}:
        return True
    if parts[2] != "sts":
        return False
    role = parts[5].split("/")[1]
    return value.startswith(f"arn:{parts[1]}:iam::{account}:role/") and value.rsplit("/", 1)[-1] == role


def _condition_holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    value = {name.lower(): text for name, text in context.items()}.get(key.lower())
    if operator == "Null":
        return (value is None) == (str(wanted[0]).lower() == "true")
    name, if_exists = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    negated = "Not" in name
    if value is None:
        return if_exists or negated
    holds = _OPERATORS.get(name.replace("Not", ""))
    if holds is None:
        message = f"The condition operator {operator} is not modelled; add it to {__name__}."
        raise NotImplementedError(message)
    return holds(value, [str(text) for text in wanted]) != negated


_OPERATORS: dict[str, Callable[[str, list[str]], bool]] = {
    "StringEquals": lambda value, wanted: value in wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() in {text.lower() for text in wanted},
    "StringLike": lambda value, wanted: _like_any(wanted, value),
    "ArnEquals": lambda value, wanted: _like_any(wanted, value),
    "ArnLike": lambda value, wanted: _like_any(wanted, value),
    "Bool": lambda value, wanted: value.lower() in {text.lower() for text in wanted},
}


def _like_any(patterns: Any, value: str, *, ignore_case: bool = False) -> bool:
    fold = str.lower if ignore_case else str
    return any(fnmatchcase(fold(value), fold(pattern).replace("[", "[[]")) for pattern in _listed(patterns))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]
