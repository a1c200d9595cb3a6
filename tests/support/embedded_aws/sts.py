"""STS, as far as it tells who makes a call; the rest is moto's.

Source: STS API reference, GetCallerIdentity: no permission is needed for it; AssumeRole.
"""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.embedded_aws.service import Service

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


class Sts(Service):
    """The STS of every Region."""

    name: ClassVar[str] = "sts"

    def get_caller_identity(self, call: "Call") -> dict[str, Any]:
        """GetCallerIdentity: whose credentials signed the call."""
        caller = call.principal
        assert caller  # what nobody signed does not come here
        return {"Account": caller.account, "Arn": caller.arn, "UserId": _unique_id(caller.arn)}

    def assume_role(self, call: "Call") -> dict[str, Any]:
        """AssumeRole: credentials of a role of any account; trust policies are not evaluated."""
        role_arn, session = call.parameters["RoleArn"], call.parameters["RoleSessionName"]
        variables = self.aws.credentials(role_arn, session)
        assumed = self.aws.principal(variables["AWS_ACCESS_KEY_ID"])
        return {
            "Credentials": {
                "AccessKeyId": variables["AWS_ACCESS_KEY_ID"],
                "SecretAccessKey": variables["AWS_SECRET_ACCESS_KEY"],
                "SessionToken": variables["AWS_SESSION_TOKEN"],
                "Expiration": self.aws.clock.datetime()
                + timedelta(seconds=call.parameters.get("DurationSeconds", 3600)),
            },
            "AssumedRoleUser": {"Arn": assumed.arn, "AssumedRoleId": _unique_id(assumed.arn)},
        }


def _unique_id(arn: str) -> str:
    """Return the unique id of a role, and the name of the session (IAM user guide, Unique identifiers)."""
    role, session = arn.rsplit("/", 1)
    return f"AROA{hashlib.sha256(role.encode()).hexdigest()[:17].upper()}:{session}"
