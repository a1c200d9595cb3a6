"""On-demand maximums of the table and two indexes, one of which may be missing; overridden to none by the restore."""

from hypothesis import strategies as st

from table_sync.settings.on_demand_throughput import OnDemandThroughput
from tests.support.tables import INDEXES, REGION, wait_until_active

BILLING_MODE = "PAY_PER_REQUEST"
WRITE = ("dynamodb:UpdateTable", "OnDemandThroughput")
NEWER_FIELD = ("dynamodb", "TableDescription", "OnDemandThroughput")


def give(aws, name, region=REGION):
    aws.client("dynamodb", region).update_table(TableName=name, OnDemandThroughput={"MaxReadRequestUnits": 40})
    wait_until_active(aws, name, region)


def see(_aws, table, _region):
    return {
        part.get("IndexName"): part["OnDemandThroughput"]
        for part in (table, *table.get("GlobalSecondaryIndexes", []))
        if "OnDemandThroughput" in part
    }


UNITS = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
MAXIMUMS = st.dictionaries(st.sampled_from(UNITS), st.integers(1, 3))
RESTORED = OnDemandThroughput("PAY_PER_REQUEST", "ACTIVE", dict.fromkeys(INDEXES, "ACTIVE"), {})


@st.composite
def values(draw, _table):
    indexes = dict.fromkeys(draw(st.sampled_from([INDEXES, INDEXES, INDEXES[:1]])), "ACTIVE")
    if draw(st.integers(0, 3)) == 0:
        return OnDemandThroughput("PROVISIONED", "ACTIVE", indexes, {})
    return OnDemandThroughput("PAY_PER_REQUEST", "ACTIVE", indexes, {name: draw(MAXIMUMS) for name in ("", *indexes)})


def content(throughput):
    return {(name, unit): most for name, units in throughput.maximums.items() for unit, most in units.items()}


def written(throughput, change):
    assert throughput.billing_mode == "PAY_PER_REQUEST", "AWS refuses a maximum"
    assert len(change.parameters) == 1, "AWS refuses a table's maximum together with an index's"
    maximums = dict(throughput.maximums)
    if "OnDemandThroughput" in change.parameters:
        maximums[""] = change.parameters["OnDemandThroughput"]
    for update in change.parameters.get("GlobalSecondaryIndexUpdates", []):
        assert update["Update"]["IndexName"] in throughput.indexes, "AWS knows no such index"
        maximums[update["Update"]["IndexName"]] = update["Update"]["OnDemandThroughput"]
    return OnDemandThroughput(throughput.billing_mode, "UPDATING", throughput.indexes, maximums)


DIFFERENCES = [
    (
        OnDemandThroughput(
            "PAY_PER_REQUEST", "ACTIVE", {}, {"": {"MaxReadRequestUnits": 10}, "by-day": {"MaxReadRequestUnits": 5}}
        ),
        OnDemandThroughput("PAY_PER_REQUEST", "ACTIVE", {"by-day": "ACTIVE"}, {"": {"MaxReadRequestUnits": 20}}),
        ["MaxReadRequestUnits: 10 -> 20", "by-day MaxReadRequestUnits: 5 -> (none)"],
    )
]
