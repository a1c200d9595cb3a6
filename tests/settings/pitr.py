"""Point-in-time recovery, seen by a boto3 that knows the period."""

from hypothesis import strategies as st

from table_sync.settings.pitr import PointInTimeRecovery
from tests.support.tables import RECOVERY_PERIOD_IN_DAYS, REGION

WRITE = ("dynamodb:UpdateContinuousBackups", "PointInTimeRecoverySpecification")
NEWER_FIELD = ("dynamodb", "PointInTimeRecoveryDescription", "RecoveryPeriodInDays")


def give(aws, name, region=REGION):
    specification = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": RECOVERY_PERIOD_IN_DAYS}
    aws.clock.advance(10)  # it is not available for seconds after ACTIVE
    aws.client("dynamodb", region).update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification=specification
    )


def see(aws, table, region):
    answer = aws.client("dynamodb", region).describe_continuous_backups(TableName=table["TableName"])
    recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return recovery["PointInTimeRecoveryStatus"], recovery.get("RecoveryPeriodInDays")


RESTORED = PointInTimeRecovery(enabled=False, recovery_period_in_days=None)


def values(_table):
    return st.just(RESTORED) | st.builds(PointInTimeRecovery, st.just(value=True), st.integers(1, 35))


def content(recovery):
    return {"period": recovery.recovery_period_in_days} if recovery.enabled else {}


def written(_recovery, change):
    specification = change.parameters["PointInTimeRecoverySpecification"]
    # 35 days is the default (API reference, PointInTimeRecoverySpecification).
    return PointInTimeRecovery(
        specification["PointInTimeRecoveryEnabled"], specification.get("RecoveryPeriodInDays", 35)
    )


DIFFERENCES = [
    (
        PointInTimeRecovery(enabled=True, recovery_period_in_days=14),
        PointInTimeRecovery(enabled=True, recovery_period_in_days=35),
        ["RecoveryPeriodInDays: 14 -> 35"],
    )
]
