"""plan() of point-in-time recovery."""

from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import pitr

recoveries = st.builds(pitr.PointInTimeRecovery, st.booleans(), st.none() | st.integers(1, 35))


@given(source=recoveries, target=recoveries)
def test_pitr_gets_the_source_s_period_and_is_never_turned_off(source, target):
    steps = pitr.plan(source, target)
    if not source.enabled:
        assert steps == []
        return
    for change in steps:
        specification = change.parameters["PointInTimeRecoverySpecification"]
        assert specification["PointInTimeRecoveryEnabled"] is True
        target = pitr.PointInTimeRecovery(
            enabled=True, recovery_period_in_days=specification.get("RecoveryPeriodInDays")
        )
    assert target.enabled
    assert source.recovery_period_in_days in {None, target.recovery_period_in_days}
    assert pitr.plan(source, target) == []
