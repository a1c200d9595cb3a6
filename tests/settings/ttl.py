"""Time to live."""

from hypothesis import strategies as st

from table_sync.settings.ttl import TimeToLive
from tests.support.tables import REGION, TTL_ATTRIBUTE

WRITE = ("dynamodb:UpdateTimeToLive", "TimeToLiveSpecification")


def give(aws, name, region=REGION):
    aws.client("dynamodb", region).update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
    )


def see(aws, table, region):
    answer = aws.client("dynamodb", region).describe_time_to_live(TableName=table["TableName"])
    description = answer["TimeToLiveDescription"]
    return description.get("AttributeName") if description["TimeToLiveStatus"] in {"ENABLED", "ENABLING"} else None


RESTORED = TimeToLive("DISABLED", "")


def values(_table):
    return st.just(RESTORED) | st.builds(TimeToLive, st.just("ENABLED"), st.sampled_from(["expires_at", "ends"]))


def content(time_to_live):
    return {"attribute": time_to_live.attribute} if time_to_live.status in {"ENABLED", "ENABLING"} else {}


def written(_time_to_live, change):
    specification = change.parameters["TimeToLiveSpecification"]
    assert specification["Enabled"] is True
    return TimeToLive("ENABLING", specification["AttributeName"])


DIFFERENCES = [
    (
        TimeToLive("ENABLED", "expires_at"),
        TimeToLive("DISABLED", ""),
        ["Enabled: true -> false", "AttributeName: expires_at -> (none)"],
    )
]
