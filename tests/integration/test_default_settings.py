"""The settings that are copied by default."""

from collections import Counter

from table_sync.settings import SETTINGS
from tests.support.pipeline import last_outcome
from tests.support.tables import make_source, restore, settings_of


def test_by_default_nothing_that_costs_or_reaches_others_is_read_or_written(aws, deploy):
    pipeline = deploy(**{setting.TOGGLE.upper(): str(setting.DEFAULT) for setting in SETTINGS})
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    off = {setting.NAME for setting in SETTINGS if not setting.DEFAULT}
    assert {name for name in expected if expected[name] != actual[name]} == off
    assert {last_outcome(pipeline, name)["status"] for name in off} == {"skipped"}
    services = {call.service for call in pipeline.calls()}
    assert services == {"application-autoscaling", "dynamodb", "events", "lambda", "sqs"}
    operations = Counter(call.operation for call in pipeline.calls())
    assert not [name for name in operations if "ContributorInsights" in name or "ResourcePolicy" in name]
