"""IAM, as far as it simulates policies, which moto does not; the rest is moto's.

Source: IAM API reference and service model, SimulatePrincipalPolicy; IAM user guide, Testing IAM policies. Of the
policies only a role's own are evaluated (see permissions.py).
"""

from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.service import Service

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


class Iam(Service):
    """The IAM of the account."""

    name: ClassVar[str] = "iam"

    def check(self, call: "Call") -> None:
        """Leave the parameters of what moto answers to moto."""
        if call.operation == "SimulatePrincipalPolicy":
            super().check(call)

    def simulate_principal_policy(self, call: "Call") -> dict[str, Any]:
        """SimulatePrincipalPolicy: what a role may do on resources that need not exist."""
        source = call.parameters["PolicySourceArn"]
        context = {
            entry["ContextKeyName"]: entry["ContextKeyValues"][0] for entry in call.parameters.get("ContextEntries", [])
        }
        results = []
        for action in call.parameters["ActionNames"]:
            for resource in call.parameters.get("ResourceArns", ["*"]):
                allowed = self.aws.permissions.simulate(source, action, resource, context)
                if allowed is None:
                    raise AwsError("NoSuchEntity", f"The role with ARN {source} cannot be found.", 404)
                results.append({"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": allowed})
        return {"EvaluationResults": results, "IsTruncated": False}
