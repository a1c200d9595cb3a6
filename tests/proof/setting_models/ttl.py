"""Time to live."""

from hypothesis import strategies as st

from table_sync.settings.ttl import TimeToLive

RESTORED = TimeToLive("DISABLED", "")


def values(_table):
    return st.just(RESTORED) | st.builds(TimeToLive, st.just("ENABLED"), st.sampled_from(["expires_at", "ends"]))


def content(time_to_live):
    return {"attribute": time_to_live.attribute} if time_to_live.status in {"ENABLED", "ENABLING"} else {}


def written(_time_to_live, change):
    specification = change.parameters["TimeToLiveSpecification"]
    assert specification["Enabled"] is True
    return TimeToLive("ENABLING", specification["AttributeName"])
