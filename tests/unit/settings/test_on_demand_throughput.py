"""plan() and read() of on-demand maximum throughput."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.errors import BusyError
from table_sync.settings import on_demand_throughput, read
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import changes, described, index_statuses, statuses

maximums = st.fixed_dictionaries(
    {}, optional={"MaxReadRequestUnits": st.integers(1, 3), "MaxWriteRequestUnits": st.integers(1, 3)}
)


@st.composite
def on_demand(draw):
    indexes = draw(index_statuses)
    limited = {name: draw(maximums) for name in ("", *indexes)}
    mode = draw(st.sampled_from(["PAY_PER_REQUEST", "PROVISIONED"]))
    return on_demand_throughput.OnDemandThroughput(
        mode, draw(st.sampled_from(["ACTIVE", "UPDATING"])), indexes, limited
    )


def limited_by(target, steps):
    """Return the maximums of a target after the planned calls, as AWS keeps them: what a call has replaces what was."""
    limited = dict(target.maximums)
    for change in changes(steps):
        assert change.operation == "UpdateTable"
        assert change.parameters
        if "OnDemandThroughput" in change.parameters:
            limited[""] = change.parameters["OnDemandThroughput"]
        for update in change.parameters.get("GlobalSecondaryIndexUpdates", []):
            limited[update["Update"]["IndexName"]] = update["Update"]["OnDemandThroughput"]
    return limited


@given(source=on_demand(), target=on_demand())
def test_maximums_of_the_source_win_and_those_of_the_target_stay(source, target):
    steps = on_demand_throughput.plan(source, target)
    # The table's maximum goes alone, those of all indexes go together.
    assert [sorted(change.parameters) for change in changes(steps)] in (
        [],
        [["OnDemandThroughput"]],
        [["GlobalSecondaryIndexUpdates"]],
        [["OnDemandThroughput"], ["GlobalSecondaryIndexUpdates"]],
    )
    differing = {
        name
        for name, maximum in source.maximums.items()
        if {**target.maximums.get(name, {}), **maximum} != target.maximums.get(name, {})
    }
    if not differing:
        assert steps == []
    elif target.billing_mode == "PROVISIONED":
        assert statuses(steps) == [Status.SKIPPED]
    elif target.table_status == "UPDATING":
        assert statuses(steps) == [Status.PENDING]
        assert changes(steps) == []
    else:
        limited = limited_by(target, steps)
        for name in target.maximums:
            wanted = {**target.maximums[name], **source.maximums.get(name, {})}
            ready = target.indexes.get(name, "ACTIVE") == "ACTIVE"
            assert limited[name] == (wanted if ready else target.maximums[name])
        absent = {name for name in differing if name and name not in target.indexes}
        assert statuses(steps).count(Status.UNCHANGED) == len(absent)
        busy = {name for name in differing - absent if target.indexes.get(name, "ACTIVE") != "ACTIVE"}
        assert statuses(steps).count(Status.PENDING) == len(busy)


def test_a_maximum_of_minus_one_is_none():
    unlimited = {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}
    index = {"IndexName": "by_day", "OnDemandThroughput": unlimited | {"MaxReadRequestUnits": 1}}
    seen = read(on_demand_throughput, described(OnDemandThroughput=unlimited, GlobalSecondaryIndexes=[index]))
    assert seen.maximums == {"by_day": {"MaxReadRequestUnits": 1}}


@pytest.mark.parametrize(
    ("indexes", "step"),
    [
        ({}, (Status.UNCHANGED, "index by_day is not on the target: its maximum throughput is left out")),
        ({"by_day": "CREATING"}, (Status.PENDING, "index by_day of the target is CREATING")),
    ],
)
def test_an_index_that_is_not_there_or_not_ready_is_named(indexes, step):
    limited = {"by_day": {"MaxReadRequestUnits": 5}}
    source, target = (
        on_demand_throughput.OnDemandThroughput("PAY_PER_REQUEST", "ACTIVE", of, maximums)
        for of, maximums in (({"by_day": "ACTIVE"}, limited), (indexes, {}))
    )
    assert [(one.status, one.reason) for one in on_demand_throughput.plan(source, target)] == [step]


MAXIMUM = Change("UpdateTable", {"OnDemandThroughput": {"MaxReadRequestUnits": 5}})


@pytest.mark.parametrize(
    ("status", "of_indexes", "told"),
    [
        ("ACTIVE", [], ""),
        ("ACTIVE", ["ACTIVE", "ACTIVE"], ""),
        ("UPDATING", ["ACTIVE", "UPDATING"], "the target is UPDATING"),
        (
            "ACTIVE",
            ["UPDATING", "ACTIVE", "UPDATING"],
            "index by_0 of the target is UPDATING; index by_2 of the target is UPDATING",
        ),
    ],
)
def test_what_is_updating_is_waited_for(answer, status, of_indexes, told):
    indexes = [{"IndexName": f"by_{number}", "IndexStatus": one} for number, one in enumerate(of_indexes)]
    description = {"TableStatus": status, "GlobalSecondaryIndexes": indexes}
    answer("dynamodb", "update_table", {"TableName": "orders", **MAXIMUM.parameters}, {"TableDescription": description})
    assert on_demand_throughput.apply(MAXIMUM, described()) == told


def test_no_call_is_made_before_the_last_one_has_ended():
    with pytest.raises(BusyError, match="the target is UPDATING"):
        on_demand_throughput.apply(MAXIMUM, described(TableStatus="UPDATING"))
