"""Resource-based policies of DynamoDB tables and streams. They are kept, and not enforced.

Sources: DynamoDB API reference, PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy; live probes of October
2026 (aws-controllers-k8s/dynamodb-controller, docs/api-quirks, DDB-TABLE-206, 208, 211, 346, 351 and 352): reads lag
1-3 s, a document is kept in a form of its own, and one that says something else is refused for 15 s after the last
change, of the table and of its stream apart.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, in_use, invalid, not_found
from tests.support.embedded_aws.transitions import Lagging

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call

LONGEST = 20_480
STATEMENT_KEYS = (
    ("Sid", "Effect", "Principal", "NotPrincipal"),
    ("Action", "NotAction", "Resource", "NotResource", "Condition"),
)


class ResourcePolicies(Tables):
    """The policies of every table."""

    def put_resource_policy(self, call: "Call") -> dict[str, Any]:
        """PutResourcePolicy: what says the same changes nothing; seen by GetResourcePolicy seconds later."""
        table, policy = self._policy(call)
        status = table.status.status(self.now)
        if status != "ACTIVE":
            raise in_use(f"Table is {status}: {table.moto.name}")
        if len(call.parameters["Policy"].encode()) > LONGEST:
            raise invalid(f"One or more parameter values were invalid: Maximum policy size of {LONGEST} bytes exceeded")
        document = json.loads(call.parameters["Policy"])
        if "Statement" not in document:
            raise invalid("One or more parameter values were invalid: Invalid policy document")
        document = kept(document)
        if any(statement["Effect"] == "Allow" and _is_anybody(statement) for statement in document["Statement"]):
            raise invalid(
                "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to "
                "ensure least-privilege form of access"
            )
        current = policy.written
        self._check_revision(call, current)
        text = json.dumps(document, separators=(",", ":"))
        if current is None or current[0] != text:
            self._check_cooldown(call, policy)
            current = (text, self._revision())
            policy.write(current, self.now, self.aws.delays.resource_policy)
        return {"RevisionId": current[1]}

    def get_resource_policy(self, call: "Call") -> dict[str, Any]:
        """GetResourcePolicy."""
        policy = self._policy(call)[1].read(self.now)
        if policy is None:
            raise _no_policy(call)
        return {"Policy": policy[0], "RevisionId": policy[1]}

    def delete_resource_policy(self, call: "Call") -> dict[str, Any]:
        """DeleteResourcePolicy: nothing to delete is no error, unless a revision was expected."""
        policy = self._policy(call)[1]
        current = policy.written
        self._check_revision(call, current)
        if current is None:
            return {}
        self._check_cooldown(call, policy)
        policy.write(None, self.now, self.aws.delays.resource_policy)
        return {"RevisionId": self._revision()}

    def _revision(self) -> str:
        # The time of the change, in milliseconds.
        return str(int(self.now * 1000))

    def _check_revision(self, call: "Call", current: tuple[str, str] | None) -> None:
        expected = call.parameters.get("ExpectedRevisionId")
        name = call.parameters["ResourceArn"].split("/")[1]
        if expected in {None, current[1] if current else "NO_POLICY"}:
            return
        if current is None:
            raise _no_policy(call)
        why = (
            f"Requested policy update expecting none to be present for table {name}, but a policy exists with revision "
            f"id {current[1]}."
            if expected == "NO_POLICY"
            else f"Requested update for policy with revision id {expected}, but the policy associated to target table "
            f"{name} has revision id {current[1]}."
        )
        raise AwsError(
            "PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {why}"
        )

    def _check_cooldown(self, call: "Call", policy: Lagging[tuple[str, str] | None]) -> None:
        changed = policy.changed
        if changed is None or self.now >= changed + self.aws.delays.resource_policy_cooldown:
            return
        _, name, *stream = call.parameters["ResourceArn"].split("/")
        kind, label = ("Stream", stream[1]) if stream else ("Table", name)
        in_progress = self.now < changed + self.aws.delays.resource_policy_applied
        if in_progress or "ExpectedRevisionId" in call.parameters:
            raise AwsError(
                "ResourceInUseException",
                f"Attempt to change a resource which is still in use: {kind} is pending previous resource-based policy "
                f"update: {label}",
            )
        again = datetime.fromtimestamp(changed + self.aws.delays.resource_policy_cooldown, UTC)
        raise AwsError(
            "ThrottlingException",
            f"Resource-based policy for {kind.lower()} {label} modified within the previous 15000 milliseconds. Please "
            f"try again after {again.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}.",
        )

    def _policy(self, call: "Call") -> tuple[ControlledTable, Lagging[tuple[str, str] | None]]:
        arn = call.parameters["ResourceArn"]
        table = self.find(arn)
        known = table and (arn == table.arn or any(stream.arn == arn for stream in table.streams))
        if table is None or not known or table.moto.region_name != call.region:
            raise not_found(call, arn)
        return table, table.policies.setdefault(arn, Lagging(None))


def kept(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as GetResourcePolicy returns it: keys in order, lone elements without a list, roots for IDs."""
    statements = document["Statement"]
    return {
        "Version": document.get("Version", "2008-10-17"),
        "Statement": [_statement(s) for s in (statements if isinstance(statements, list) else [statements])],
    }


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: statement[key] for keys in STATEMENT_KEYS for key in keys if key in statement}
    found["Effect"] = found["Effect"].capitalize()
    for key in ("Action", "NotAction", "Resource", "NotResource"):
        if key in found:
            found[key] = _unlisted(found[key])
    for key in ("Principal", "NotPrincipal"):
        if isinstance(found.get(key), Mapping):
            found[key] = {kind: _principals(of_kind) for kind, of_kind in found[key].items()}
    return found


def _principals(some: str | list[str]) -> str | list[str]:
    listed = some if isinstance(some, list) else [some]
    roots = [f"arn:aws:iam::{one}:root" if re.fullmatch("[0-9]{12}", one) else one for one in listed]
    return _unlisted(list(dict.fromkeys(roots)))


def _unlisted(some: str | list[str]) -> str | list[str]:
    return some[0] if isinstance(some, list) and len(some) == 1 else some


def _is_anybody(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    anybody = principal == "*" or (isinstance(principal, Mapping) and principal.get("AWS") == "*")
    return anybody and "Condition" not in statement


def _no_policy(call: "Call") -> AwsError:
    message = f"Resource-based policy not found for the provided ResourceArn: {call.parameters['ResourceArn']}"
    return AwsError("PolicyNotFoundException", message)
