"""Point-in-time recovery, seen by a boto3 that knows the period."""

from hypothesis import strategies as st

from table_sync.settings.pitr import PointInTimeRecovery

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
