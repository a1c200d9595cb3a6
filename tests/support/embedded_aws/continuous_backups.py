"""Point-in-time recovery of DynamoDB tables.

Sources: DynamoDB API reference, UpdateContinuousBackups; probe: it is unavailable for 3-6 s after a table is ACTIVE.
"""

from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, invalid

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call

DEFAULT_RECOVERY_DAYS = 35


class ContinuousBackups(Tables):
    """The point-in-time recovery of every table."""

    def update_continuous_backups(self, call: "Call") -> dict[str, Any]:
        """UpdateContinuousBackups: synchronous, and unavailable in a table's first seconds."""
        table = self.table(call)
        specification = call.parameters["PointInTimeRecoverySpecification"]
        enabled = specification["PointInTimeRecoveryEnabled"]
        if self.now < table.active_at + self.aws.delays.continuous_backups:
            message = f"Backups are being enabled for the table: {table.moto.name}. Please retry later"
            raise AwsError("ContinuousBackupsUnavailableException", message)
        if not enabled and "RecoveryPeriodInDays" in specification:
            raise invalid("Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
        if enabled and table.recovery_period is None:
            table.recoverable_since = self.now
        days = specification.get("RecoveryPeriodInDays", table.recovery_period or DEFAULT_RECOVERY_DAYS)
        table.recovery_period = days if enabled else None
        return {"ContinuousBackupsDescription": self._continuous_backups(table)}

    def describe_continuous_backups(self, call: "Call") -> dict[str, Any]:
        """DescribeContinuousBackups."""
        return {"ContinuousBackupsDescription": self._continuous_backups(self.table(call))}

    def _continuous_backups(self, table: ControlledTable) -> dict[str, Any]:
        recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        if table.recovery_period is not None:
            earliest, latest = self.restorable_window(table)
            recovery = {
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": table.recovery_period,
                "EarliestRestorableDateTime": earliest,
                "LatestRestorableDateTime": latest,
            }
        return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
