"""Time to Live, from the restore to the report."""

from tests.support.tables import make_source, restore_and_wait, settings_of


def test_ttl_on_another_attribute_is_failed_and_left_as_it_is(aws, pipeline):
    make_source(aws)
    restore_and_wait(aws)
    specification = {"Enabled": True, "AttributeName": "other"}
    aws.client("dynamodb").update_time_to_live(TableName="orders-restored", TimeToLiveSpecification=specification)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert "ttl" in message["reason"]
    assert "other" in message["reason"]
    assert settings_of(aws, "orders-restored")["ttl"] == "other"
