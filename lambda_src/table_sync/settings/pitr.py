"""Point-in-time recovery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


def read(table: Table) -> PointInTimeRecovery:
    """Return the table's point-in-time recovery; its period needs botocore 1.35.94."""
    table.require_field("dynamodb", "PointInTimeRecoveryDescription", "RecoveryPeriodInDays")
    answer = table.client("dynamodb").describe_continuous_backups(TableName=table.name)
    description = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return PointInTimeRecovery(
        description.get("PointInTimeRecoveryStatus") == "ENABLED", description.get("RecoveryPeriodInDays")
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
    return [Change("UpdateContinuousBackups", {"PointInTimeRecoverySpecification": specification})]


def apply(change: Change, table: Table) -> str:
    """Enable it; the call is synchronous."""
    table.client("dynamodb").update_continuous_backups(TableName=table.name, **change.parameters)
    return ""
