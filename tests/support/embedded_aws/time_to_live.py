"""Time to live of DynamoDB tables; no item expires.

Sources: DynamoDB API reference, UpdateTimeToLive; probes 143, 145: ENABLED within 2 s on a small table, no other change
for 31 minutes; the error messages.
"""

from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.dynamodb_tables import Tables, invalid
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


class TimeToLive(Tables):
    """The time to live of every table."""

    def update_time_to_live(self, call: "Call") -> dict[str, Any]:
        """UpdateTimeToLive: not idempotent, and one change in half an hour."""
        table = self.table(call)
        specification = call.parameters["TimeToLiveSpecification"]
        enable, attribute = specification["Enabled"], specification["AttributeName"]
        enabled = table.ttl.status(self.now) in {"ENABLING", "ENABLED"}
        if enabled and attribute != table.ttl_attribute:
            message = "TimeToLive is active on a different AttributeName"
            raise invalid(f"{message}: current AttributeName is {table.ttl_attribute}")
        if enable == enabled:
            raise invalid(f"TimeToLive is already {'enabled' if enabled else 'disabled'}")
        if table.ttl_changed is not None and self.now < table.ttl_changed + self.aws.delays.ttl_cooldown:
            raise invalid("Time to live has been modified multiple times within a fixed interval")
        during, after = ("ENABLING", "ENABLED") if enable else ("DISABLING", "DISABLED")
        table.ttl = Transition(during, after, self.now + self.aws.delays.ttl)
        table.ttl_attribute, table.ttl_changed = attribute, self.now
        return {"TimeToLiveSpecification": specification}

    def describe_time_to_live(self, call: "Call") -> dict[str, Any]:
        """DescribeTimeToLive: the attribute is told unless TTL is DISABLED."""
        table = self.table(call)
        status = table.ttl.status(self.now)
        attribute = None if status == "DISABLED" else table.ttl_attribute
        return {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": attribute}}
