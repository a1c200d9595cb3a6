"""The table class, from the restore to the report."""

import pytest

from tests.settings import table_class
from tests.support.tables import change_table_class, make_table, restore_and_wait


@pytest.fixture
def infrequent(aws, pipeline):  # noqa: ARG001 (it has to be there when the table is restored)
    make_table(aws, "orders", indexes=())
    table_class.give(aws, "orders")
    restore_and_wait(aws)


@pytest.mark.usefixtures("infrequent")
def test_a_class_that_may_not_be_changed_for_a_month_is_final_with_the_reason(aws, pipeline):
    change_table_class(aws, "STANDARD_INFREQUENT_ACCESS", "STANDARD")
    pipeline.run()
    (attempt,) = pipeline.attempts
    assert attempt["settings"]["table_class"]["status"] == "failed"
    (message,) = pipeline.quarantined
    assert message["reason"].startswith("table_class: UpdateTable: LimitExceededException: ")
    assert message["reason"].endswith("30 day(s): change the table class by hand when 30 days have passed")


@pytest.mark.usefixtures("infrequent")
def test_too_many_simultaneous_table_operations_are_not_final(aws, pipeline):
    busy = "Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously"
    aws.faults.add("UpdateTable", "LimitExceededException", busy, times=3)
    pipeline.run()
    assert pipeline.quarantined == []
    pipeline.assert_in_sync("orders", "orders-restored")


def test_update_table_concerns_follow_one_another_in_one_attempt(aws, pipeline):
    make_table(aws, "orders", indexes=(), stream_view_type="KEYS_ONLY")
    table_class.give(aws, "orders")
    aws.client("dynamodb").update_table(TableName="orders", DeletionProtectionEnabled=True)
    restore_and_wait(aws)
    pipeline.run()
    assert len(pipeline.attempts) == 1
    updates = [call for call in pipeline.calls() if call.operation == "UpdateTable"]
    concerns = [sorted(call.parameters.keys() - {"TableName"}) for call in updates]
    assert concerns == [["DeletionProtectionEnabled"], ["StreamSpecification"], ["TableClass"]]
    assert [call.error for call in updates] == [None] * 3
    pipeline.assert_in_sync("orders", "orders-restored")
