"""Resource-based policies of DynamoDB tables and streams. They are kept, and not enforced.

Sources: DynamoDB API reference, PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy; probe: reads lag 1-3 s.
"""

import uuid
from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, in_use, not_found
from tests.support.embedded_aws.transitions import Lagging

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


class ResourcePolicies(Tables):
    """The policies of every table."""

    def put_resource_policy(self, call: "Call") -> dict[str, Any]:
        """PutResourcePolicy: the same document again changes nothing; seen by GetResourcePolicy seconds later."""
        table, policy = self._policy(call)
        status = table.status.status(self.now)
        if status != "ACTIVE":
            raise in_use(f"Table is {status}: {table.moto.name}")
        current = policy.written
        expected = call.parameters.get("ExpectedRevisionId")
        if expected and expected != (current[1] if current else "NO_POLICY"):
            raise _no_policy(call)
        document = call.parameters["Policy"]
        if current is None or current[0] != document:
            current = (document, str(uuid.uuid4()))
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
        current, expected = policy.written, call.parameters.get("ExpectedRevisionId")
        if expected and (current is None or current[1] != expected):
            raise _no_policy(call)
        policy.write(None, self.now, self.aws.delays.resource_policy)
        return {"RevisionId": current[1] if current else None}

    def _policy(self, call: "Call") -> tuple[ControlledTable, Lagging[tuple[str, str] | None]]:
        arn = call.parameters["ResourceArn"]
        table = self.find(arn)
        known = table and (arn == table.arn or any(stream.arn == arn for stream in table.streams))
        if table is None or not known or table.moto.region_name != call.region:
            raise not_found(call, arn)
        return table, table.policies.setdefault(arn, Lagging(None))


def _no_policy(call: "Call") -> AwsError:
    message = f"Resource-based policy not found for the provided ResourceArn: {call.parameters['ResourceArn']}"
    return AwsError("PolicyNotFoundException", message)
