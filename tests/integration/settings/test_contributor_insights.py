"""Contributor Insights, from the restore to the report."""

from tests.settings import contributor_insights
from tests.support.pipeline import last_outcome
from tests.support.tables import INDEXES, index_of, make_table, restore, restore_and_wait, settings_of


def test_insights_of_an_index_that_the_restore_dropped_are_left_out(aws, pipeline):
    make_table(aws, "orders")
    contributor_insights.give(aws, "orders")
    throughput = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
    restore(aws, "orders", "orders-restored", GlobalSecondaryIndexOverride=[index_of(INDEXES[1], throughput)])
    pipeline.run()
    assert INDEXES[0] in last_outcome(pipeline, "contributor_insights")["reason"]
    assert settings_of(aws, "orders-restored")["contributor_insights"] == {"": "THROTTLED_KEYS"}


def test_insights_that_aws_is_still_turning_on_are_waited_for(aws, pipeline):
    make_table(aws, "orders")
    contributor_insights.give(aws, "orders")
    restore_and_wait(aws)
    aws.delays.contributor_insights = 60
    (first, *_) = pipeline.run_for(30)
    outcome = first["settings"]["contributor_insights"]
    assert outcome["status"] == "pending"
    assert f"Contributor Insights of index {INDEXES[0]} are ENABLING" in outcome["reason"]
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert pipeline.writes().count("dynamodb:UpdateContributorInsights") == 2


def test_insights_in_another_mode_get_the_source_s(aws, pipeline):
    make_table(aws, "orders")
    contributor_insights.give(aws, "orders")
    restore_and_wait(aws)
    aws.client("dynamodb").update_contributor_insights(TableName="orders-restored", ContributorInsightsAction="ENABLE")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
