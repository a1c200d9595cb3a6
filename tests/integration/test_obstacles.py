"""What stands in the way of a restore, and that it always ends well or with the reason."""

import json
import math

import pytest

from table_sync.aws import Table
from table_sync.settings import SETTINGS
from table_sync.sync import Reconciliation
from table_sync.time_sharing import RESERVED_SECONDS
from tests.settings import modules, stream
from tests.support.pipeline import last_outcome, status_and_reason, sync
from tests.support.tables import (
    REGION,
    make_source,
    make_table,
    restore,
    restore_and_wait,
    settings_of,
    wait_until_active,
)

# No table has both auto scaling and an on-demand maximum: settings/test_on_demand_throughput.py has the tests of that.
WRITES = {name: module.WRITE for name, module in modules().items() if not hasattr(module, "BILLING_MODE")}
NEEDS = {name: module.NEEDS for name, module in modules().items() if hasattr(module, "NEEDS")}


def lost_with(name):
    """Return the setting with those that cannot come back without it."""
    return {name}.union(*(lost_with(other) for other, needed in NEEDS.items() if needed == name))


def refuse(aws, name, error_code, message, times):
    operation, parameter = WRITES[name]
    return aws.faults.add(
        operation,
        error_code,
        message,
        times=times,
        when=lambda call: (
            parameter in call.parameters and "orders-restored" in json.dumps(call.parameters, default=str)
            if parameter not in {"ResourceARN", "Tags"}
            else call.principal.arn.endswith("/table-sync")
        ),
    )


@pytest.mark.parametrize("name", WRITES)
def test_a_throttled_setting_keeps_no_other_waiting(aws, pipeline, name):
    make_source(aws)
    restore_and_wait(aws)
    # The SDK tries twice in an attempt.
    fault = refuse(aws, name, "ThrottlingException", "Rate exceeded", times=2)
    (first, *_) = pipeline.run_for(30)
    assert fault.met
    waiting = lost_with(name)
    statuses = {setting: outcome["status"] for setting, outcome in first["settings"].items()}
    assert {setting for setting, status in statuses.items() if status == "pending"} >= waiting
    assert {statuses[setting] for setting in WRITES.keys() - waiting} == {"applied"}
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize("name", WRITES)
def test_a_setting_that_is_refused_for_good_ends_in_the_dlq_after_the_others(aws, pipeline, name):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    refuse(aws, name, "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["body"] == pipeline.invocations[0].event["Records"][0]["body"]
    operation = WRITES[name][0].partition(":")[2]
    assert f"{name}: {operation}: AccessDeniedException: not authorized" in message["reason"]
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    lost = lost_with(name)
    assert {setting for setting, value in expected.items() if actual[setting] != value} == lost


def test_a_redrive_from_the_dlq_finishes_what_was_refused(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.faults.add("TagResource", "AccessDeniedException", times=1)
    pipeline.run()
    (message,) = pipeline.quarantined
    pipeline.send(message["body"])
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


# A read of each setting that makes calls of its own, as a Region answers that does not have them.
READS = {
    "tags": "dynamodb:ListTagsOfResource",
    "kinesis": "dynamodb:DescribeKinesisStreamingDestination",
    "contributor_insights": "dynamodb:ListContributorInsights",
    "triggers": "lambda:ListEventSourceMappings",
    "event_source_mapping_tags": "lambda:ListTags",
    "resource_policy": "dynamodb:GetResourcePolicy",
    "ttl": "dynamodb:DescribeTimeToLive",
    "pitr": "dynamodb:DescribeContinuousBackups",
    "alarms": "cloudwatch:DescribeAlarms",
    "auto_scaling": "application-autoscaling:DescribeScalableTargets",
    "scalable_target_tags": "application-autoscaling:ListTagsForResource",
}


@pytest.mark.parametrize("name", READS)
def test_an_api_that_the_region_does_not_offer_is_skipped_and_keeps_nothing_else(aws, pipeline, name):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    code = "InvalidAction" if name == "alarms" else "UnknownOperationException"
    aws.faults.add(READS[name], code, times=math.inf, when=lambda call: call.principal.arn.endswith("/table-sync"))
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    status, reason = status_and_reason(pipeline, name)
    assert status == "skipped"
    assert reason.startswith(f"the Region does not offer it: {READS[name].partition(':')[2]}: {code}")
    assert pipeline.quarantined == []
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    assert {s for s, value in expected.items() if actual[s] != value} == lost_with(name)


@pytest.mark.parametrize("name", ["tags", "stream", "auto_scaling"])
def test_a_write_that_the_region_does_not_offer_is_skipped(aws, pipeline, name):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    refuse(aws, name, "UnknownOperationException", "", times=math.inf)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert status_and_reason(pipeline, name)[0] == "skipped"
    assert pipeline.quarantined == []


def test_a_table_that_cannot_be_described_is_in_sync_with_nothing(aws, pipeline):
    make_table(aws, "orders")
    restore(aws, "orders", "orders-restored")
    aws.faults.add("DescribeTable", "UnknownOperationException", times=math.inf)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "failed"


def test_a_deleted_source_is_final_at_the_first_attempt(aws, pipeline):
    make_table(aws, "orders")
    restore_and_wait(aws)
    aws.client("dynamodb").delete_table(TableName="orders")
    aws.clock.advance(60)
    pipeline.run()
    (attempt,) = pipeline.attempts
    assert attempt["outcome"] == "failed"
    (message,) = pipeline.quarantined
    assert "orders was not found" in message["reason"]
    assert pipeline.writes() == []


def test_what_somebody_else_does_to_the_target_meanwhile_is_seen_in_the_same_attempt(aws, pipeline):
    make_table(aws, "orders")
    stream.give(aws, "orders")
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.faults.before("UpdateTable", lambda _: stream.give(aws, "orders-restored"), when=pipeline.made)
    report = sync(pipeline)
    assert report["outcome"] == "in_sync"
    assert report["settings"]["stream"] == {"status": "unchanged", "reason": "", "changes": []}


def test_a_target_that_is_deleted_meanwhile_is_not_asked_again_and_again(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.faults.before(
        "ListTagsOfResource",
        lambda _: aws.client("dynamodb").delete_table(TableName="orders-restored"),
        when=lambda call: pipeline.made(call) and call.parameters["ResourceArn"].endswith("/orders-restored"),
    )
    report = sync(pipeline)
    assert (report["outcome"], report["reason"]) == ("failed", f"Table orders-restored was not found in {REGION}.")
    assert pipeline.calls()[-1].operation == "DescribeTable"


def test_a_deleted_target_ends_after_a_few_attempts(aws, pipeline):
    make_table(aws, "orders")
    aws.restore_seconds = 600
    restore(aws, "orders", "orders-restored")
    pipeline.run_for(630)
    before = len(pipeline.attempts)
    make_gone(aws, "orders-restored")
    pipeline.run()
    assert len(pipeline.attempts) - before <= 5
    assert before == 0 or pipeline.attempts[-1]["outcome"] in {"failed", "in_sync"}


def test_a_target_that_never_appears_ends_after_a_few_attempts_with_the_reason(aws, pipeline):
    make_table(aws, "orders")
    restore_and_wait(aws)
    make_gone(aws, "orders-restored")
    pipeline.run()
    assert 2 <= len(pipeline.attempts) <= 5
    assert [attempt["outcome"] for attempt in pipeline.attempts][:-1] == ["waiting"] * (len(pipeline.attempts) - 1)
    (message,) = pipeline.quarantined
    assert "orders-restored was not found" in message["reason"]


def test_a_table_that_took_the_target_s_name_later_is_left_as_it_is(aws, pipeline):
    make_source(aws)
    aws.restore_seconds = 10
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    make_gone(aws, "orders-restored")
    aws.clock.advance(3 * 24 * 3600)
    make_table(aws, "orders-restored")
    aws.clock.advance(60)
    before = settings_of(aws, "orders-restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith("the target is another table of that name, created at 20")
    assert pipeline.writes() == []
    assert settings_of(aws, "orders-restored") == before


def test_a_table_that_is_restored_from_another_source_under_the_same_name_is_left_to_its_own_message(aws, pipeline):
    make_source(aws)
    make_table(aws, "ledger", indexes=())
    ledger = aws.client("dynamodb").describe_table(TableName="ledger")["Table"]["TableArn"]
    aws.client("dynamodb").tag_resource(ResourceArn=ledger, Tags=[{"Key": "team", "Value": "finance"}])
    aws.restore_seconds = 10
    restore(aws, "orders", "restored")
    wait_until_active(aws, "restored")
    make_gone(aws, "restored")
    aws.restore_seconds = 600
    restore(aws, "ledger", "restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"] == f"the target is another table of that name, which is being restored from {ledger}"
    pipeline.assert_in_sync("ledger", "restored")
    assert settings_of(aws, "restored")["tags"] == {"team": "finance"}


def make_gone(aws, table):
    aws.client("dynamodb").delete_table(TableName=table)
    aws.clock.advance(60)


def test_attempts_that_are_used_up_end_in_the_dlq_unchanged(aws, deploy):
    pipeline = deploy(max_attempts=5)
    make_table(aws, "orders")
    aws.restore_seconds = 1e6
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert len(pipeline.attempts) == 5
    (message,) = pipeline.quarantined
    assert message == {"body": pipeline.invocations[0].event["Records"][0]["body"], "reason": None}


def test_settings_of_another_region_are_read_there_and_bound_ones_are_skipped(aws, pipeline):
    arn = make_source(aws, region="us-east-1")
    restore(aws, arn, "orders-restored")
    pipeline.run()
    last = pipeline.attempts[-1]
    assert last["outcome"] == "in_sync"
    assert last["source"] == arn
    bound = {"kinesis", "triggers", "alarms"}
    for name in bound:
        assert last["settings"][name]["status"] == "skipped"
        assert "us-east-1" in last["settings"][name]["reason"]
    assert last["settings"]["event_source_mapping_tags"]["reason"] == "triggers is skipped"
    expected, actual = settings_of(aws, "orders", "us-east-1"), settings_of(aws, "orders-restored")
    assert {name for name in expected if expected[name] != actual[name]} == {*bound, "event_source_mapping_tags"}


def test_a_toggle_that_is_off_makes_none_of_its_calls(aws, deploy):
    pipeline = deploy(ENABLE_OUTCOME_EVENTS="False", **{setting.TOGGLE.upper(): "False" for setting in SETTINGS})
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert {call.name for call in pipeline.calls()} == {"dynamodb:DescribeTable", "sqs:ChangeMessageVisibility"}
    assert {outcome["status"] for outcome in pipeline.attempts[-1]["settings"].values()} == {"skipped"}


@pytest.mark.parametrize("off", SETTINGS, ids=lambda setting: setting.NAME)
def test_one_toggle_off_leaves_out_one_setting(aws, deploy, off):
    pipeline = deploy(**{off.TOGGLE.upper(): "false"})
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    lost = lost_with(off.NAME) if off.NAME in WRITES else set()
    assert {name for name in expected if expected[name] != actual[name]} == lost
    assert pipeline.attempts[-1]["settings"][off.NAME]["reason"] == f"{off.TOGGLE} is false"


@pytest.mark.parametrize(
    ("parent", "child", "service"),
    [
        ("auto_scaling", "scalable_target_tags", "application-autoscaling"),
        ("triggers", "event_source_mapping_tags", "lambda"),
    ],
)
def test_without_what_they_are_on_tags_are_skipped_and_nothing_is_called(aws, deploy, parent, child, service):
    toggle = next(setting.TOGGLE for setting in SETTINGS if parent == setting.NAME)
    pipeline = deploy(**{toggle.upper(): "false"})
    make_source(aws)
    restore_and_wait(aws)
    pipeline.run()
    outcome = last_outcome(pipeline, child)
    assert (outcome["status"], outcome["reason"]) == ("skipped", f"{parent} is skipped")
    assert service not in {call.service for call in pipeline.calls()}


def test_a_report_is_json_with_every_change(aws, pipeline):
    make_source(aws)
    restore_and_wait(aws)
    report = sync(pipeline, dry_run=True)
    assert report["outcome"] == "differs"
    assert pipeline.writes() == []
    statuses = {name: outcome["status"] for name, outcome in report["settings"].items()}
    assert statuses == dict.fromkeys(WRITES, "differs") | {"on_demand_throughput": "unchanged"}
    assert json.loads(json.dumps(report)) == report
    operations = {
        name: {change["operation"] for change in outcome["changes"]} for name, outcome in report["settings"].items()
    }
    assert all(operation.partition(":")[2] in operations[name] for name, (operation, _) in WRITES.items())
    assert sync(pipeline)["outcome"] in {"in_sync", "waiting"}


def test_what_an_attempt_has_no_time_for_is_left_to_another(aws, pipeline):  # noqa: ARG001 (it has the clients anew)
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    arn = aws.client("dynamodb").describe_table(TableName="orders")["Table"]["TableArn"]
    names = [setting.NAME for setting in SETTINGS]
    reconciliation = Reconciliation(Table(arn), Table(f"{arn}-restored"), names)
    # The time is up when the second setting has been read.
    reads = "DescribeKinesisStreamingDestination"
    reconciliation.run_pass(lambda: 100 if len(aws.calls_of(reads)) < 2 else RESERVED_SECONDS)
    outcomes = reconciliation.report.settings
    assert [name for name in names if outcomes[name].reason == "not compared yet"] == names[2:]
    assert reconciliation.report.outcome == "waiting"
    assert reconciliation.not_ready
