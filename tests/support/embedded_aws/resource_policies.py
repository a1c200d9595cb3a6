"""Resource-based policies of DynamoDB tables (not of streams). They are kept, and not enforced.

Sources: DynamoDB API reference, PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy; probe: reads lag 1-3 s.
"""

from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import Tables, in_use

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


class ResourcePolicies(Tables):
    """The policies of every table."""

    def put_resource_policy(self, call: "Call") -> dict[str, Any]:
        """PutResourcePolicy: the same document again changes nothing; seen by GetResourcePolicy seconds later."""
        table = self.table(call, "ResourceArn")
        if table.status.status(self.now) != "ACTIVE":
            raise in_use(table, table.status.status(self.now))
        current = table.policy.written
        expected = call.parameters.get("ExpectedRevisionId")
        if expected and expected != (current[1] if current else "NO_POLICY"):
            message = "Resource-based policy not found for the provided ResourceArn: the revision id does not match"
            raise AwsError("PolicyNotFoundException", message)
        document = call.parameters["Policy"]
        if current is None or current[0] != document:
            revision = str(int(self.now * 1000) + (int(current[1]) == int(self.now * 1000) if current else 0))
            current = (document, revision)
            table.policy.write(current, self.now, self.aws.delays.resource_policy)
        return {"RevisionId": current[1]}

    def get_resource_policy(self, call: "Call") -> dict[str, Any]:
        """GetResourcePolicy."""
        policy = self.table(call, "ResourceArn").policy.read(self.now)
        if policy is None:
            raise self._no_policy(call)
        return {"Policy": policy[0], "RevisionId": policy[1]}

    def delete_resource_policy(self, call: "Call") -> dict[str, Any]:
        """DeleteResourcePolicy: nothing to delete is no error, unless a revision was expected."""
        table = self.table(call, "ResourceArn")
        current, expected = table.policy.written, call.parameters.get("ExpectedRevisionId")
        if expected and (current is None or current[1] != expected):
            raise self._no_policy(call)
        table.policy.write(None, self.now, self.aws.delays.resource_policy)
        return {"RevisionId": current[1] if current else None}

    def _no_policy(self, call: "Call") -> AwsError:
        arn = call.parameters["ResourceArn"]
        return AwsError(
            "PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}"
        )
