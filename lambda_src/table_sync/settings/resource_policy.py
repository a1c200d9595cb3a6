"""Resource-based policies of the table and of its DynamoDB stream."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import access
from table_sync.aws import caller
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


def read(table: Table) -> Policies:
    """Return the policies; reads lag behind writes by 1 to 3 s (live probe, October 2026)."""
    of_table = read_policy(table, table.arn)
    of_stream = read_policy(table, table.stream_arn) if table.stream_arn else Policy()
    documents = [policy.document for policy in (of_table, of_stream) if policy.document]
    whose = caller(table.region) if any(map(access.depends_on_caller, documents)) else ""
    return Policies(table.arn, table.stream_arn, of_table, of_stream, whose)


def read_policy(table: Table, arn: str) -> Policy:
    """Return the policy of the table or its stream by its ARN; raise ClientError if AWS refuses to tell."""
    try:
        answer = table.client("dynamodb").get_resource_policy(ResourceArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "PolicyNotFoundException":
            raise
        return Policy()
    return Policy(json.loads(answer["Policy"]), answer["RevisionId"])


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
    if normalised(document, partition) == normalised(present.document, partition):
        return None
    statement = arn and access.locks_out(document, source.caller, arn)
    if statement:
        reason = (
            f"statement {statement} of the policy would lock this function out of {arn}: "
            "except its role from it by ArnNotEquals on aws:PrincipalArn"
        )
        return Obstacle(Status.FAILED, reason)
    parameters = {
        "Policy": json.dumps(document, separators=(",", ":"), sort_keys=True),
        "ExpectedRevisionId": present.revision,
    }
    if arn is None:
        return Change("PutResourcePolicy", parameters, awaits="the target has no stream for the source stream's policy")
    return Change("PutResourcePolicy", {"ResourceArn": arn, **parameters})


def normalised(node: Any, partition: str = "aws", key: str = "") -> Any:  # noqa: ANN401 (any JSON)
    """Return a policy document, or the part of it that is under `key`, in the one form that all equal ones have.

    It is the form in which DynamoDB returns a document (live probe, October 2026): an account's root for its ID, an
    element for a list of one, a list for a lone statement. What is listed twice counts once.
    """
    if isinstance(node, dict):
        found = {name: normalised(value, partition, name) for name, value in node.items()}
        return [found] if key == "Statement" else found
    if isinstance(node, list):
        items: list[Any] = []
        for item in node:
            found = normalised(item, partition, "" if key == "Statement" else key)
            if key == "Statement" or found not in items:
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
