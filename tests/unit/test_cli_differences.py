"""What a comparison shows of source and target: their values where they differ."""

import pytest

from table_sync.command_line.differences import between, described, made
from table_sync.settings import (
    SETTINGS,
    alarms,
    attached_tags,
    auto_scaling,
    contributor_insights,
    deletion_protection,
    event_source_mapping_tags,
    kinesis,
    on_demand_throughput,
    pitr,
    resource_policy,
    scalable_target_tags,
    stream,
    table_class,
    tags,
    triggers,
    ttl,
)
from table_sync.settings.setting import Change

KINESIS = "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:audit"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/"


def alarm(table, **fields):
    return {
        "AlarmName": f"{table}-errors",
        "Namespace": "AWS/DynamoDB",
        "MetricName": "SystemErrors",
        "Dimensions": [{"Name": "TableName", "Value": table}],
        "Threshold": 5.0,
        **fields,
    }


def alarms_on(table, **fields):
    on_table = {f"{table}-errors": alarm(table, **fields)} if fields is not None else {}
    return alarms.Alarms(table, (), on_table, (), account="123456789012", billing_mode="PROVISIONED")


def scaling(table, **capacity):
    parameters = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{table}",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        **capacity,
    }
    writes = (Change("RegisterScalableTarget", parameters),) if capacity else ()
    return auto_scaling.AutoScaling(table, "PROVISIONED", {}, writes)


def policies(table, *statements):
    document = {"Version": "2012-10-17", "Statement": list(statements)} if statements else None
    return resource_policy.Policies(TABLE + table, None, resource_policy.Policy(document))


TAGGED = attached_tags.Tagged("arn:source", {"team": "a", "env": "prod"})
OTHER = attached_tags.Tagged("arn:target", {"team": "b", "env": "prod"})

CASES = {
    "mapping tags": (
        event_source_mapping_tags,
        {FUNCTION: TAGGED},
        {FUNCTION: OTHER},
        [f"the mapping to {FUNCTION}: team: a -> b"],
    ),
    "scalable target tags": (
        scalable_target_tags,
        scalable_target_tags.ScalableTargets((), {("", "dynamodb:table:ReadCapacityUnits"): TAGGED}),
        scalable_target_tags.ScalableTargets((), {("", "dynamodb:table:ReadCapacityUnits"): OTHER}),
        ["scalable target dynamodb:table:ReadCapacityUnits: team: a -> b"],
    ),
    "tag": (tags, {"env": "prod", "team": "a"}, {"env": "staging", "team": "a"}, ["env: prod -> staging"]),
    "missing tag": (tags, {"env": "prod"}, {"own": "tag"}, ["env: prod -> (none)"]),
    "kinesis": (kinesis, {KINESIS: kinesis.Destination("ACTIVE")}, {}, [f"{KINESIS} -> (none)"]),
    "precision": (
        kinesis,
        {KINESIS: kinesis.Destination("ACTIVE", "MICROSECOND")},
        {KINESIS: kinesis.Destination("ACTIVE")},
        [f"{KINESIS}: ApproximateCreationDateTimePrecision: MICROSECOND -> MILLISECOND"],
    ),
    "stream": (
        stream,
        stream.Stream("NEW_IMAGE", "ACTIVE"),
        stream.Stream(None, "ACTIVE"),
        ["StreamEnabled: true -> false", "StreamViewType: NEW_IMAGE -> (none)"],
    ),
    "trigger": (
        triggers,
        {FUNCTION: triggers.EventSourceMapping("Enabled", {"FunctionName": FUNCTION, "Enabled": True})},
        {},
        [f"{FUNCTION} (Enabled true) -> (none)"],
    ),
    "ttl": (
        ttl,
        ttl.TimeToLive("ENABLED", "expires_at"),
        ttl.TimeToLive("DISABLED", ""),
        ["Enabled: true -> false", "AttributeName: expires_at -> (none)"],
    ),
    "pitr": (
        pitr,
        pitr.PointInTimeRecovery(enabled=True, recovery_period_in_days=14),
        pitr.PointInTimeRecovery(enabled=True, recovery_period_in_days=35),
        ["RecoveryPeriodInDays: 14 -> 35"],
    ),
    "deletion protection": (deletion_protection, True, False, ["DeletionProtectionEnabled: true -> false"]),
    "table class": (
        table_class,
        table_class.TableClass("STANDARD_INFREQUENT_ACCESS", "ACTIVE"),
        table_class.TableClass("STANDARD", "ACTIVE"),
        ["TableClass: STANDARD_INFREQUENT_ACCESS -> STANDARD"],
    ),
    "throughput": (
        on_demand_throughput,
        on_demand_throughput.OnDemandThroughput(
            "PAY_PER_REQUEST", "ACTIVE", {}, {"": {"MaxReadRequestUnits": 10}, "by-day": {"MaxReadRequestUnits": 5}}
        ),
        on_demand_throughput.OnDemandThroughput(
            "PAY_PER_REQUEST", "ACTIVE", {"by-day": "ACTIVE"}, {"": {"MaxReadRequestUnits": 20}}
        ),
        ["MaxReadRequestUnits: 10 -> 20", "by-day MaxReadRequestUnits: 5 -> (none)"],
    ),
    "insights": (
        contributor_insights,
        contributor_insights.ContributorInsights({}, {"": contributor_insights.Insight("ENABLED", "THROTTLED_KEYS")}),
        contributor_insights.ContributorInsights(
            {}, {"": contributor_insights.Insight("ENABLED", "ACCESSED_AND_THROTTLED_KEYS")}
        ),
        ["Contributor Insights of the table: ContributorInsightsMode: THROTTLED_KEYS -> ACCESSED_AND_THROTTLED_KEYS"],
    ),
    "policy": (
        resource_policy,
        policies("orders", {"Sid": "Read", "Effect": "Allow", "Action": "dynamodb:Query"}),
        policies("copy", {"Sid": "Read", "Effect": "Allow", "Action": "dynamodb:Scan"}),
        ["policy of the table: Read Action: dynamodb:Query -> dynamodb:Scan"],
    ),
    "alarm": (
        alarms,
        alarms_on("orders", Period=60),
        alarms_on("copy", Period=300, Threshold=9.0, Unit="Count"),
        ["alarm copy-errors: Threshold: 5.0 -> 9.0; Period: 60 -> 300; Unit: (none) -> Count"],
    ),
    "scalable target": (
        auto_scaling,
        scaling("orders", MinCapacity=5, MaxCapacity=50),
        scaling("copy", MinCapacity=5, MaxCapacity=10),
        ["scalable target ReadCapacityUnits: MaxCapacity: 50 -> 10"],
    ),
    "missing scalable target": (
        auto_scaling,
        scaling("orders", MinCapacity=5, MaxCapacity=50),
        scaling("copy"),
        ["scalable target ReadCapacityUnits (MinCapacity 5, MaxCapacity 50) -> (none)"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_differences_show_source_and_target(case):
    setting, source, target, lines = CASES[case]
    steps = setting.plan(source, target)
    assert [line for step in steps for line in described(step)] == lines


def test_every_setting_shows_its_differences():
    assert {setting.NAME for setting, *_ in CASES.values()} == {setting.NAME for setting in SETTINGS}


def test_what_was_made_shows_the_value_before():
    (change,) = tags.plan({"env": "prod", "new": "tag"}, {"env": "staging"})
    assert made(change) == ["env: prod (before: staging)", "new: tag (before: none)"]


def test_secrets_are_hidden():
    mapping = triggers.EventSourceMapping(
        "Enabled", {"FunctionName": FUNCTION, "KMSKeyArn": "k", "FilterCriteria": {"Filters": [{"Pattern": "secret"}]}}
    )
    (change,) = triggers.plan({FUNCTION: mapping}, {})
    assert "secret" not in f"{described(change)}{[one.as_dict() for one in between(change)]}"


def test_a_document_that_is_no_json_is_a_value():
    assert described(Change("PutResourcePolicy", {"Policy": "{not\nJSON"})) == ["Policy: {not JSON -> (none)"]
