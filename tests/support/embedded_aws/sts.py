"""STS, as far as it tells who makes a call; the rest is moto's.

Source: STS API reference, GetCallerIdentity: no permission is needed for it.
"""

import hashlib
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
        # The unique id of the role, and the name of the session (IAM user guide, Unique identifiers).
        role_id = f"AROA{hashlib.sha256(caller.arn.rsplit('/', 1)[0].encode()).hexdigest()[:17].upper()}"
        session = caller.arn.rsplit("/", 1)[-1]
        return {"Account": caller.account, "Arn": caller.arn, "UserId": f"{role_id}:{session}"}
