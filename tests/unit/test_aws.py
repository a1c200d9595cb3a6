"""What DescribeTable says about a table, as `Table` reads it."""

from table_sync.aws import Table
from tests.support.setting_tests import TABLE


def test_an_index_of_a_table_that_is_being_restored_has_the_table_s_status():
    indexes = [{"IndexName": "by_day"}, {"IndexName": "by_hour", "IndexStatus": "ACTIVE"}]
    table = Table(TABLE, {"TableStatus": "CREATING", "GlobalSecondaryIndexes": indexes})
    assert table.indexes == {"by_day": "CREATING", "by_hour": "ACTIVE"}
