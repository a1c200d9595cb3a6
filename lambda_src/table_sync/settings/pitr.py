"""Point-in-time recovery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings.api_shape import checked
from table_sync.settings.setting import Change, Obstacle

if TYPE_CHECKING:
    from table_sync.aws import Table

NAME = "pitr"
TOGGLE = "enable_pitr_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ("dynamodb:DescribeContinuousBackups",)
WRITE_ACTIONS = ("dynamodb:UpdateContinuousBackups",)
NEEDS = None


@dataclass(frozen=True)
class PointInTimeRecovery:
    """PointInTimeRecoveryDescription."""

    enabled: bool
    recovery_period_in_days: int | None
    """None where it is off."""

    def __bool__(self) -> bool:
        """Say whether it is on."""
        return self.enabled


# The other fields are times that go on.
_LASTING = ("PointInTimeRecoveryStatus", "RecoveryPeriodInDays")


def fetch(table: Table) -> dict[str, Any] | None:
    """Return what lasts of PointInTimeRecoveryDescription; its period needs botocore 1.35.94."""
    table.require_field("dynamodb", "PointInTimeRecoveryDescription", "RecoveryPeriodInDays")
    answer = table.client("dynamodb").describe_continuous_backups(TableName=table.name)
    description = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if description.get("PointInTimeRecoveryStatus") != "ENABLED":
        return None
    return {name: description[name] for name in _LASTING if name in description}


def parse(value: dict[str, Any] | None, table: Table) -> PointInTimeRecovery:
    """Return the point-in-time recovery of a PointInTimeRecoveryDescription."""
    if value is None:
        return PointInTimeRecovery(enabled=False, recovery_period_in_days=None)
    table.require_field("dynamodb", "PointInTimeRecoveryDescription", "RecoveryPeriodInDays")
    description = checked(value, "dynamodb", "PointInTimeRecoveryDescription", "PointInTimeRecoveryStatus")
    return PointInTimeRecovery(
        description["PointInTimeRecoveryStatus"] == "ENABLED", description.get("RecoveryPeriodInDays")
    )


def plan(source: PointInTimeRecovery, target: PointInTimeRecovery) -> list[Change | Obstacle]:
    """Plan to enable it, with the source's period."""
    if not source:
        return []
    if target and source.recovery_period_in_days in {None, target.recovery_period_in_days}:
        return []
    specification: dict[str, Any] = {"PointInTimeRecoveryEnabled": True}
    if source.recovery_period_in_days is not None:
        specification["RecoveryPeriodInDays"] = source.recovery_period_in_days
    present: dict[str, Any] = {"PointInTimeRecoveryEnabled": target.enabled}
    if target.recovery_period_in_days is not None:
        present["RecoveryPeriodInDays"] = target.recovery_period_in_days
    name = "PointInTimeRecoverySpecification"
    return [Change("UpdateContinuousBackups", {name: specification}, present={name: present})]


def apply(change: Change, table: Table) -> str:
    """Enable it; the call is synchronous."""
    table.client("dynamodb").update_continuous_backups(TableName=table.name, **change.parameters)
    return ""
