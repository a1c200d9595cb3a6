"""Deletion protection, from the restore to the report."""

from tests.support.pipeline import sync
from tests.support.tables import change_table_class, make_table, restore_and_wait, settings_of


def test_deletion_protection_does_not_wait_for_an_update(aws, pipeline):
    make_table(aws, "orders", indexes=())
    aws.client("dynamodb").update_table(TableName="orders", DeletionProtectionEnabled=True)
    restore_and_wait(aws)
    aws.delays.table_class = 3600
    change_table_class(aws, "STANDARD_INFREQUENT_ACCESS")
    assert sync(pipeline)["outcome"] == "in_sync"
    assert settings_of(aws, "orders-restored")["deletion_protection"] is True
