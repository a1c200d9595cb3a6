"""plan() of Time to Live."""

from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import ttl
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import statuses

times_to_live = st.builds(
    ttl.TimeToLive,
    st.sampled_from(["ENABLED", "ENABLING", "DISABLED", "DISABLING"]),
    st.sampled_from(["expires", "at"]),
)


@given(source=times_to_live, target=times_to_live)
def test_ttl_is_enabled_once_and_never_switched_over(source, target):
    steps = ttl.plan(source, target)
    if not source or (target and target.attribute == source.attribute):
        assert steps == []
    elif target:
        assert statuses(steps) == [Status.FAILED]
        assert target.attribute in steps[0].reason
    elif target.status == "DISABLING":
        assert statuses(steps) == [Status.PENDING]
    else:
        specification = {"Enabled": True, "AttributeName": source.attribute}
        assert steps == [Change("UpdateTimeToLive", {"TimeToLiveSpecification": specification})]
