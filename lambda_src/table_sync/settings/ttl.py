"""Time to live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings.api_shape import checked
from table_sync.settings.setting import Change, Obstacle, Status

if TYPE_CHECKING:
    from table_sync.aws import Table

NAME = "ttl"
TOGGLE = "enable_ttl_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ("dynamodb:DescribeTimeToLive",)
WRITE_ACTIONS = ("dynamodb:UpdateTimeToLive",)
NEEDS = None


@dataclass(frozen=True)
class TimeToLive:
    """TimeToLiveDescription."""

    status: str
    attribute: str

    def __bool__(self) -> bool:
        """Say whether items expire, or will: enabling takes up to an hour (API reference, UpdateTimeToLive)."""
        return self.status in {"ENABLED", "ENABLING"}


def fetch(table: Table) -> dict[str, Any] | None:
    """Return TimeToLiveDescription."""
    description: dict[str, Any] = table.client("dynamodb").describe_time_to_live(TableName=table.name)[
        "TimeToLiveDescription"
    ]
    return None if description["TimeToLiveStatus"] == "DISABLED" else description


def parse(value: dict[str, Any] | None, _: Table) -> TimeToLive:
    """Return the time to live of a TimeToLiveDescription."""
    if value is None:
        return TimeToLive("DISABLED", "")
    description = checked(value, "dynamodb", "TimeToLiveDescription", "TimeToLiveStatus")
    return TimeToLive(description["TimeToLiveStatus"], description.get("AttributeName", ""))


def plan(source: TimeToLive, target: TimeToLive) -> list[Change | Obstacle]:
    """Plan to enable it; a target that expires by another attribute is never switched over."""
    if not source or (target and target.attribute == source.attribute):
        return []
    if target:
        reason = (
            f"TTL is active on {target.attribute}, the source has {source.attribute}: disable it on the target first"
        )
        return [Obstacle(Status.FAILED, reason)]
    if target.status == "DISABLING":
        return [Obstacle(Status.PENDING, "TTL is being disabled on the target")]
    specification = {"Enabled": True, "AttributeName": source.attribute}
    present = {"TimeToLiveSpecification": {"Enabled": False}}
    return [Change("UpdateTimeToLive", {"TimeToLiveSpecification": specification}, present=present)]


def apply(change: Change, table: Table) -> str:
    """Enable time to live. AWS may be an hour about it, and nothing depends on when it ends."""
    table.client("dynamodb").update_time_to_live(TableName=table.name, **change.parameters)
    return ""
