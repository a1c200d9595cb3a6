"""A restore, from the event to settings that are equal."""

import itertools
import json
import re
from collections import Counter

import pytest

from table_sync.settings import SETTINGS
from tests.support.tables import make_source, make_table, restore, settings_of

NAMES = {setting.NAME for setting in SETTINGS}
# No table has both this and auto scaling.
NOT_ON_THE_SOURCE = "on_demand_throughput"


def test_every_setting_comes_back(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    before = settings_of(aws, "orders-restored")
    lost = {name for name, value in settings_of(aws, "orders").items() if before[name] != value}
    assert lost == NAMES - {NOT_ON_THE_SOURCE}
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    last = pipeline.attempts[-1]
    assert last["outcome"] == "in_sync"
    assert set(last["settings"]) == NAMES
    assert pipeline.quarantined == []


def test_the_source_is_never_written_to(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    before = settings_of(aws, "orders")
    pipeline.run()
    assert settings_of(aws, "orders") == before
    for call in pipeline.calls():
        if not call.operation.startswith(("Describe", "List", "Get")) and call.service != "sqs":
            text = json.dumps(call.parameters, default=str)
            # ARNs of scalable targets and mappings do not tell of which table: settings_of() above does.
            assert "orders-restored" in text or re.search(":scalable-target/|:event-source-mapping:", text)


def test_a_restore_of_six_hours_ends_in_sync_with_no_look_too_soon_or_too_late(aws, pipeline):
    make_source(aws)
    aws.restore_seconds = 6 * 3600
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    waiting = [attempt["next_attempt_seconds"] for attempt in pipeline.attempts if attempt["outcome"] == "waiting"]
    assert 6 * 3600 / 175 <= len(waiting) < 1000
    assert min(waiting) >= 15
    assert max(waiting) <= 175
    assert len(set(waiting[10:])) > 1
    starts = [invocation.at for invocation in pipeline.invocations]
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert min(gaps) >= 15
    assert max(gaps) <= 176


def test_the_longest_wait_of_a_day_fits_the_attempts(aws, pipeline):
    make_table(aws, "orders", indexes=())
    aws.restore_seconds = 24 * 3600 - 60
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert pipeline.quarantined == []


def test_two_restores_in_one_batch_are_both_done(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "first")
    restore(aws, "orders", "second")
    aws.clock.advance(400)
    pipeline.run()
    assert len(pipeline.invocations[0].event["Records"]) == 2
    pipeline.assert_in_sync("orders", "first")
    pipeline.assert_in_sync("orders", "second")


def test_only_the_waiting_restore_of_a_batch_comes_back(aws, pipeline):
    make_source(aws)
    aws.restore_seconds = {"quick": 30, "slow": 4000}.get
    restore(aws, "orders", "slow")
    restore(aws, "orders", "quick")
    first = pipeline.run_for(80)
    slow = next(attempt for attempt in first if attempt["target"].endswith("/slow"))
    quick = next(attempt for attempt in first if attempt["target"].endswith("/quick") and attempt["attempt"] == 1)
    assert slow["outcome"] == "waiting"
    assert quick["settings"]["tags"]["status"] == "applied"
    records = pipeline.invocations[0].event["Records"]
    slow_id = next(record["messageId"] for record in records if '"slow"' in record["body"])
    returned = [item["itemIdentifier"] for item in pipeline.invocations[0].response["batchItemFailures"]]
    assert slow_id in returned
    pipeline.run()
    pipeline.assert_in_sync("orders", "quick")
    pipeline.assert_in_sync("orders", "slow")
    second_look = next(
        invocation.at
        for invocation in pipeline.invocations[1:]
        if any(record["messageId"] == slow_id for record in invocation.event["Records"])
    )
    assert second_look - pipeline.invocations[0].at >= slow["next_attempt_seconds"]


def test_a_second_delivery_writes_nothing(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    body = pipeline.invocations[0].event["Records"][0]["body"]
    writes = len(pipeline.writes())
    assert writes > 0
    pipeline.send(body)
    pipeline.run()
    assert len(pipeline.writes()) == writes
    assert {outcome["status"] for outcome in pipeline.attempts[-1]["settings"].values()} == {"unchanged"}


@pytest.mark.parametrize(
    "target",
    ["abc", "a.b", "A_b-C.9", "...", "---", "x" * 255, "orders" + "." * 200 + "restored"],
    ids=lambda n: n[:20],
)
def test_any_legal_table_name(aws, pipeline, target):
    source = target[::-1] + "s" if len(target) < 255 else "y" * 255
    make_source(aws, source)
    restore(aws, source, target)
    pipeline.run()
    pipeline.assert_in_sync(source, target)


def test_a_table_name_that_makes_policy_names_too_long_is_in_sync_on_every_look(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "x" * 255)
    pipeline.run()
    writes = len(pipeline.writes())
    assert pipeline.invoke(source_table="orders", target_table="x" * 255)["outcome"] == "in_sync"
    assert len(pipeline.writes()) == writes
    scaling = [len(settings_of(aws, table)["auto_scaling"]) for table in ("orders", "x" * 255)]
    assert scaling[0] == scaling[1] > 0


def test_a_run_that_finds_nothing_to_do_reads_each_setting_once_a_table(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    start = len(pipeline.calls())
    assert pipeline.invoke(source_table="orders", target_table="orders-restored")["outcome"] == "in_sync"
    calls = [(call.name, json.dumps(call.parameters, sort_keys=True)) for call in pipeline.calls()[start:]]
    assert set(Counter(calls).values()) == {1}
    per_operation = Counter(name for name, _ in calls)
    assert {name: count for name, count in per_operation.items() if count != 2} == {
        "cloudwatch:DescribeAlarms": 1,  # of the Region, which both tables share
        "dynamodb:GetResourcePolicy": 4,  # of the table and of its stream
        "application-autoscaling:DescribeScalingPolicies": 4,  # by resource: the table and one index scale
        "application-autoscaling:DescribeScheduledActions": 4,
        "application-autoscaling:ListTagsForResource": 6,  # of three scalable targets
        "lambda:ListTags": 4,  # of two mappings
    }


def test_while_a_restore_is_waited_for_an_attempt_is_one_call(aws, pipeline):
    make_source(aws)
    aws.restore_seconds = 3600
    restore(aws, "orders", "orders-restored")
    attempts = pipeline.run_for(1800)
    names = [call.name for call in pipeline.calls()]
    assert names == ["dynamodb:DescribeTable", "sqs:ChangeMessageVisibility"] * len(attempts)
