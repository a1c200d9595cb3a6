"""On-demand maximum throughput, from the restore to the report."""

import math

import pytest

from tests.support.pipeline import last_outcome, sync
from tests.support.tables import INDEXES, index_of, make_table, restore, wait_until_active

MAXIMUM = {"MaxReadRequestUnits": 40, "MaxWriteRequestUnits": 20}
OF_INDEX = {"MaxReadRequestUnits": 30}
LOWER = {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1}


@pytest.fixture
def limited(aws):
    make_table(aws, "orders", billing_mode="PAY_PER_REQUEST")
    update = {"Update": {"IndexName": INDEXES[1], "OnDemandThroughput": OF_INDEX}}
    client = aws.client("dynamodb")
    for change in ({"OnDemandThroughput": MAXIMUM}, {"GlobalSecondaryIndexUpdates": [update]}):
        client.update_table(TableName="orders", **change)
        aws.clock.advance(60)


@pytest.mark.usefixtures("limited")
def test_a_maximum_that_the_restore_kept_is_left_as_it_is(aws, pipeline):
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert last_outcome(pipeline, "on_demand_throughput")["status"] == "unchanged"
    assert "dynamodb:UpdateTable" not in pipeline.writes()
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("error_code", [None, "ThrottlingException", "ResourceInUseException"])
def test_a_maximum_that_was_overridden_becomes_the_source_s(aws, pipeline, error_code):
    restore(aws, "orders", "orders-restored", OnDemandThroughputOverride=LOWER)
    if error_code:
        aws.faults.add("UpdateTable", error_code, times=4)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert sync(pipeline)["settings"]["on_demand_throughput"]["status"] == "unchanged"


@pytest.mark.usefixtures("limited")
def test_the_maximums_of_table_and_index_are_two_calls_of_one_attempt(aws, pipeline):
    client = aws.client("dynamodb")
    restore(aws, "orders", "orders-restored", OnDemandThroughputOverride=LOWER)
    wait_until_active(aws, "orders-restored")
    lower = {"Update": {"IndexName": INDEXES[1], "OnDemandThroughput": {"MaxReadRequestUnits": 1}}}
    client.update_table(TableName="orders-restored", GlobalSecondaryIndexUpdates=[lower])
    aws.clock.advance(60)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    sent = [call.parameters for call in pipeline.calls() if call.operation == "UpdateTable"]
    assert [parameters.keys() - {"TableName"} for parameters in sent] == [
        {"OnDemandThroughput"},
        {"GlobalSecondaryIndexUpdates"},
    ]
    assert len(pipeline.attempts) == 1


@pytest.mark.usefixtures("limited")
def test_a_maximum_that_is_refused_for_good_ends_in_the_dlq(aws, pipeline):
    restore(aws, "orders", "orders-restored", OnDemandThroughputOverride=LOWER)
    aws.faults.add("UpdateTable", "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"] == "on_demand_throughput: UpdateTable: AccessDeniedException: not authorized"


@pytest.mark.usefixtures("limited")
def test_a_provisioned_target_has_no_maximum(aws, pipeline):
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    overrides = {
        "BillingModeOverride": "PROVISIONED",
        "ProvisionedThroughputOverride": capacity,
        "GlobalSecondaryIndexOverride": [index_of(name, {"ProvisionedThroughput": capacity}) for name in INDEXES],
    }
    restore(aws, "orders", "orders-restored", **overrides)
    pipeline.run()
    outcome = last_outcome(pipeline, "on_demand_throughput")
    assert (outcome["status"], outcome["reason"]) == ("skipped", "the target's billing mode is PROVISIONED")
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
