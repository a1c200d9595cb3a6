"""Point-in-time recovery, from the restore to the report."""

from tests.support.tables import make_source, restore_and_wait


def test_pitr_with_another_period_gets_the_source_s(aws, pipeline):
    make_source(aws)
    restore_and_wait(aws)
    aws.client("dynamodb").update_continuous_backups(
        TableName="orders-restored", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
