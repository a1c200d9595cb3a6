"""Resource-based policies of the table and of its DynamoDB stream."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import access
from table_sync.aws import caller
from table_sync.settings.api_shape import InvalidValueError, checked, items
from table_sync.settings.setting import Change, Need, Obstacle, Status

if TYPE_CHECKING:
    from table_sync.aws import Table

NAME = "resource_policy"
TOGGLE = "enable_resource_policy_settings"
DEFAULT = False
REGION_BOUND = False
READ_ACTIONS = ("dynamodb:GetResourcePolicy",)
WRITE_ACTIONS = ("dynamodb:PutResourcePolicy",)
# Only the stream's policy does; the table's own has to wait for nothing.
NEEDS = Need("stream", lambda _: True, of_part=True)

# API reference, PutResourcePolicy, ExpectedRevisionId.
_NO_POLICY = "NO_POLICY"
# Elements of a statement that are a text or a list of texts.
_TEXTS = ("Action", "NotAction", "Resource", "NotResource", "Effect")


@dataclass(frozen=True)
class Policy:
    """A policy document and its RevisionId."""

    document: Any = None
    """None where there is no policy."""
    revision: str = _NO_POLICY


@dataclass(frozen=True)
class Policies:
    """The policies of a table and its stream, their ARNs, and who makes the calls."""

    table_arn: str
    stream_arn: str | None
    of_table: Policy = Policy()
    of_stream: Policy = Policy()
    caller: str = ""
    """ARN, where it depends on it whom a policy denies something."""

    def __bool__(self) -> bool:
        """Say whether there is any policy."""
        return bool(self.of_table.document or self.of_stream.document)


def fetch(table: Table) -> dict[str, Any] | None:
    """Return the ResourcePolicies of table and stream: ResourceArn, Policy (a text) and RevisionId of each.

    Reads lag behind writes by 1 to 3 s (live probe, October 2026).
    """
    found = [policy for arn in (table.arn, table.stream_arn) if arn and (policy := _fetched(table, arn))]
    return {"ResourcePolicies": found} if found else None


def _fetched(table: Table, arn: str) -> dict[str, str] | None:
    try:
        answer = table.client("dynamodb").get_resource_policy(ResourceArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "PolicyNotFoundException":
            raise
        return None
    return {"ResourceArn": arn, "Policy": answer["Policy"], "RevisionId": answer["RevisionId"]}


def parse(value: dict[str, Any] | None, table: Table) -> Policies:
    """Return the policies of ResourcePolicies."""
    found = Policies(table.arn, table.stream_arn)
    for entry in items(value or {}, "ResourcePolicies"):
        arn = checked(entry, "dynamodb", "PutResourcePolicyInput", "ResourceArn")["ResourceArn"]
        answer = checked(entry, "dynamodb", "GetResourcePolicyOutput", "Policy", "RevisionId")
        policy = Policy(_document(answer["Policy"]), answer["RevisionId"])
        if arn == table.arn:
            found = replace(found, of_table=policy)
        elif arn.startswith(f"{table.arn}/stream/"):
            found = replace(found, of_stream=policy, stream_arn=arn)
        else:
            raise InvalidValueError(f"{arn} is neither the table nor its stream")
    return found


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not all(map(_is_statement, _listed(document.get("Statement")))):
        raise InvalidValueError("Policy is not the JSON of a policy")
    return document


def _is_statement(statement: object) -> bool:
    """Say whether a statement's elements have the types of the policy grammar (IAM user guide)."""
    if not isinstance(statement, dict):
        return False
    principals = [statement[name] for name in ("Principal", "NotPrincipal") if name in statement]
    named = [item for principal in principals for item in (principal.values() if _is_map(principal) else [principal])]
    texts = [statement[name] for name in _TEXTS if name in statement]
    conditions = statement.get("Condition", {})
    return (
        all(isinstance(text, str) for element in (*named, *texts) for text in _listed(element))
        and _is_map(conditions)
        and all(map(_is_map, conditions.values()))
    )


def _is_map(node: object) -> bool:
    return isinstance(node, dict)


def _listed(element: Any) -> list[Any]:  # noqa: ANN401 (any JSON)
    return element if isinstance(element, list) else [element]


def with_caller(policies: Policies, _: Table, region: str) -> Policies:
    """Return the policies with who makes the calls, asked in `region`, if it depends on it whom they deny something.

    Raises:
        botocore.exceptions.BotoCoreError: STS cannot be reached.

    """
    documents = [policy.document for policy in (policies.of_table, policies.of_stream) if policy.document]
    return replace(policies, caller=caller(region)) if any(map(access.depends_on_caller, documents)) else policies


def plan(source: Policies, target: Policies) -> list[Change | Obstacle]:
    """Plan to attach the source's policies, with the target's ARNs for the source's."""
    pairs = (
        (source.of_table, target.of_table, target.table_arn),
        (source.of_stream, target.of_stream, target.stream_arn),
    )
    steps = [
        _step(_for_target(of_source.document, source, target), of_target, arn, source)
        for of_source, of_target, arn in pairs
        if of_source.document
    ]
    return [step for step in steps if step]


def _step(document: Any, present: Policy, arn: str | None, source: Policies) -> Change | Obstacle | None:  # noqa: ANN401
    partition = source.table_arn.split(":")[1]
    if _normalised(document, partition) == _normalised(present.document, partition):
        return None
    statement = arn and access.locks_out(document, source.caller, arn)
    if statement:
        reason = (
            f"statement {statement} of the policy would lock this function out of {arn}: "
            "except its role from it by ArnNotEquals on aws:PrincipalArn"
        )
        return Obstacle(Status.FAILED, reason)
    parameters = {"Policy": _as_text(document), "ExpectedRevisionId": present.revision}
    if arn is None:
        awaits = "the target has no stream for the source stream's policy"
        return Change("PutResourcePolicy", parameters, awaits=awaits, subject="policy of the stream")
    return Change(
        "PutResourcePolicy",
        {"ResourceArn": arn, **parameters},
        subject=f"policy of the {'stream' if '/stream/' in arn else 'table'}",
        present={"Policy": _as_text(present.document)} if present.document else None,
    )


def _as_text(document: Any) -> str:  # noqa: ANN401 (any JSON)
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


def _normalised(node: Any, partition: str, key: str = "") -> Any:  # noqa: ANN401 (any JSON)
    """Return a policy document, or the part of it that is under `key`, in the one form that all equal ones have.

    It is the form in which DynamoDB returns a document (live probe, October 2026): an account's root for its ID, an
    element for a list of one, a list for a lone statement. What is listed twice counts once.
    """
    if isinstance(node, dict):
        found = {name: _normalised(value, partition, name) for name, value in node.items()}
        return [found] if key == "Statement" else found
    if isinstance(node, list):
        items: list[Any] = []
        for item in node:
            found = _normalised(item, partition, "" if key == "Statement" else key)
            if found not in items:
                items.append(found)
        return items[0] if len(items) == 1 and key != "Statement" else items
    is_account = key == "AWS" and re.fullmatch("[0-9]{12}", str(node))
    return f"arn:{partition}:iam::{node}:root" if is_account else node


def _for_target(node: Any, source: Policies, target: Policies) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(node, list):
        return [_for_target(item, source, target) for item in node]
    if isinstance(node, dict):
        return {key: _for_target(value, source, target) for key, value in node.items()}
    return _renamed(node, source, target) if isinstance(node, str) else node


def _renamed(text: str, source: Policies, target: Policies) -> str:
    if source.stream_arn and target.stream_arn:
        text = text.replace(source.stream_arn, target.stream_arn)
    _, partition, service, region, account, resource = map(re.escape, source.table_arn.split(":"))
    # Where it stands for the table or what is below it; its parts may be wildcards.
    arn = rf"arn:({partition}|\*):{service}:({region}|\*):({account}|\*):{resource}(?![A-Za-z0-9_.-])"
    return re.sub(arn, lambda found: _with_wildcards(target.table_arn, *found.groups()), text)


def _with_wildcards(arn: str, *found: str) -> str:
    parts = arn.split(":")
    for position, part in zip((1, 3, 4), found, strict=True):
        if part == "*":
            parts[position] = part
    return ":".join(parts)


def apply(change: Change, table: Table) -> str:
    """Attach a policy, unless somebody else has changed it since it was read."""
    table.client("dynamodb").put_resource_policy(**change.parameters)
    return ""
