"""Whether a resource-based policy would lock the function out of a table.

Only a Deny can: what the function may do, its role allows it (IAM user guide, Policy evaluation logic). In doubt, as
with a condition on something that is not known here, the answer is yes.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_OF_CALLER = {"aws:principalarn", "aws:principalaccount"}
_KNOWN_OPERATORS = re.compile(r"(String|Arn)(Not)?(Equals|Like)(IfExists)?|Bool(IfExists)?")


def depends_on_caller(document: Mapping[str, Any]) -> bool:
    """Say whether whom the policy denies something depends on who it is."""
    return any(
        statement.get("Effect") == "Deny"
        and (
            ("NotPrincipal" not in statement and "*" not in _principals(statement.get("Principal")))
            or any(key.lower() in _OF_CALLER for keys in statement.get("Condition", {}).values() for key in keys)
        )
        for statement in _listed(document.get("Statement"))
    )


def opens_to_everyone(document: Mapping[str, Any]) -> str:
    """Return which statement of a policy allows something to everyone, "" if none does.

    A condition limits it if it has a value without wildcards: DynamoDB refuses every other policy as public (developer
    guide, Block public access with resource-based policies).
    """
    for number, statement in enumerate(_listed(document.get("Statement")), start=1):
        everyone = "NotPrincipal" in statement or "*" in _principals(statement.get("Principal"))
        if statement.get("Effect") == "Allow" and everyone and not _is_limited(statement.get("Condition", {})):
            return str(statement.get("Sid") or f"number {number}")
    return ""


def _is_limited(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(
        "Not" not in operator and not operator.startswith("Null") and not re.search(r"[*?]", str(value))
        for operator, keys in conditions.items()
        for values in keys.values()
        for value in _listed(values)
    )


def locks_out(document: Mapping[str, Any], caller: str, resource: str) -> str:
    """Return which statement of a policy denies a call that this function makes, "" if none does.

    Args:
        document: a policy attached to `resource`.
        caller: the ARN of who makes the calls, as GetCallerIdentity returns it; "" where nothing depends on it.
        resource: the ARN of a table or a stream.

    """
    for number, statement in enumerate(_listed(document.get("Statement")), start=1):
        if (
            statement.get("Effect") == "Deny"
            and _may_name_caller(statement, caller)
            and _covers_action(statement)
            and _covers(statement, "Resource", [resource])
            and _may_hold(statement.get("Condition", {}), caller)
        ):
            return str(statement.get("Sid") or f"number {number}")
    return ""


def _may_name_caller(statement: Mapping[str, Any], caller: str) -> bool:
    # NotPrincipal spares a role only together with its session and its account, and none that has a permissions
    # boundary (IAM user guide, AWS JSON policy elements: NotPrincipal).
    return "NotPrincipal" in statement or _any_is_caller(_principals(statement.get("Principal")), caller)


def _principals(element: Any) -> list[str]:  # noqa: ANN401 (any JSON)
    return _listed(element.get("AWS")) if isinstance(element, dict) else _listed(element)


def _any_is_caller(principals: Sequence[str], caller: str) -> bool:
    if not caller:
        return "*" in principals
    _, partition, _, _, account, _ = caller.split(":", 5)
    whole = {"*", caller, account, f"arn:{partition}:iam::{account}:root"}
    return any(principal in whole or _is_principal_arn(principal, caller) for principal in principals)


def _is_principal_arn(text: str, caller: str) -> bool:
    # A role's path is in the ARN of the role, and not in that of its sessions.
    return re.sub(":role/.+/", ":role/", text) == _principal_arn(caller)


def _principal_arn(caller: str) -> str:
    """Return the caller's aws:PrincipalArn, that of its role (without a path) for a session."""
    match = re.fullmatch(r"(arn:[^:]+):sts:(:[^:]+):assumed-role/([^/]+)/.+", caller)
    return f"{match[1]}:iam:{match[2]}:role/{match[3]}" if match else caller


def _covers_action(statement: Mapping[str, Any]) -> bool:
    lower = {key: [action.lower() for action in _listed(statement.get(key))] for key in ("Action", "NotAction")}
    given = {key: patterns for key, patterns in lower.items() if key in statement}
    return _covers(given, "Action", [action.lower() for action in _actions()])


@cache
def _actions() -> frozenset[str]:
    """Return the IAM actions that this function needs on a table or its stream."""
    from table_sync.settings import SETTINGS  # noqa: PLC0415 (one of them imports this module)

    of_settings = {action for setting in SETTINGS for action in (*setting.READ_ACTIONS, *setting.WRITE_ACTIONS)}
    return frozenset({"dynamodb:DescribeTable", *(action for action in of_settings if action.startswith("dynamodb:"))})


def _covers(statement: Mapping[str, Any], element: str, texts: Iterable[str]) -> bool:
    """Say whether the element, or its Not form, matches any of the texts."""
    if f"Not{element}" in statement:
        return any(not _like_any(_listed(statement[f"Not{element}"]), text) for text in texts)
    return any(_like_any(_listed(statement.get(element)), text) for text in texts)


def _may_hold(conditions: Mapping[str, Mapping[str, Any]], caller: str) -> bool:
    return all(
        _one_may_hold(operator, key.lower(), _listed(values), caller)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _one_may_hold(operator: str, key: str, values: list[str], caller: str) -> bool:
    if not _KNOWN_OPERATORS.fullmatch(operator):
        return True
    if key == "aws:principalarn":
        actual = _principal_arn(caller)
        found = any(_is_principal_arn(value, caller) for value in values)
    elif key == "aws:principalaccount":
        actual = caller.split(":")[4]
        found = actual in values
    elif key == "aws:securetransport":
        actual = "true"
        found = actual in [str(value).lower() for value in values]
    else:
        return True
    # Only these have wildcards (IAM user guide, AWS JSON policy elements: Condition operators).
    if "Like" in operator or operator.startswith("Arn"):
        found = found or _like_any(values, actual)
    return found != ("Not" in operator)


def _like_any(patterns: Iterable[str], text: str) -> bool:
    return any(_like(pattern, text) for pattern in patterns)


def _like(pattern: str, text: str) -> bool:
    regex = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _listed(element: Any) -> list[Any]:  # noqa: ANN401 (any JSON)
    if element is None:
        return []
    return element if isinstance(element, list) else [element]
