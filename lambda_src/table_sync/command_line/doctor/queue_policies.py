"""Whether a queue's policy lets an EventBridge rule send to the queue."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SENDER = "events.amazonaws.com"
_ACTION = "sqs:sendmessage"
_EXACT = {"StringEquals", "StringEqualsIgnoreCase"}
_LIKE = {"ArnEquals", "ArnLike", "StringLike"}


def lets_send(policy: str, queue_arn: str, rule_arn: str) -> bool:
    """Say whether a statement allows it and none denies it (EventBridge user guide, Resource-based policies).

    Args:
        policy: attribute Policy of the queue; "" if it has none.
        queue_arn: of the queue.
        rule_arn: of the rule, which EventBridge sends as aws:SourceArn.

    """
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return False
    context = {"aws:sourcearn": rule_arn, "aws:sourceaccount": rule_arn.split(":")[4], "aws:securetransport": "true"}
    effects = {
        statement.get("Effect")
        for statement in _listed(document.get("Statement"))
        if _names_sender(statement)
        and _covers(statement, "Action", _ACTION)
        and _covers(statement, "Resource", queue_arn.lower())
        and _holds(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def rules_named_in(policy: str) -> set[str]:
    """Return the names of the rules whose ARNs are in the conditions of a policy."""
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return set()
    values = [
        value
        for statement in _listed(document.get("Statement"))
        for keys in statement.get("Condition", {}).values()
        for key, found in keys.items()
        if key.lower() == "aws:sourcearn"
        for value in _listed(found)
    ]
    return {value.rpartition("rule/")[2] for value in values if ":rule/" in value}


def _names_sender(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = _listed(principal.get("Service")) if isinstance(principal, dict) else _listed(principal)
    return bool({"*", _SENDER} & set(named)) or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS")))


def _covers(statement: Mapping[str, Any], element: str, value: str) -> bool:
    if element in statement:
        return any(_like(pattern.lower(), value) for pattern in _listed(statement[element]))
    excluded = statement.get(f"Not{element}")
    return excluded is None or not any(_like(pattern.lower(), value) for pattern in _listed(excluded))


def _holds(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Say whether all conditions hold; one on something that is not known here does not."""
    return all(
        _holds_one(operator, context.get(key.lower()), [str(text) for text in _listed(wanted)])
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds_one(operator: str, value: str | None, texts: list[str]) -> bool:
    if value is None:
        return operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    if "Not" in operator:
        return not _holds_one(operator.replace("Not", ""), value, texts)
    if operator == "Bool":
        return value in {text.lower() for text in texts}
    if operator in _EXACT:
        return value in texts
    return operator in _LIKE and any(_like(text, value) for text in texts)


def _like(pattern: str, value: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 (any JSON)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
