"""A table is restored in a recovery account, from records that the production account keeps in a bucket there."""

import json
import math

import pytest

from table_sync.settings import SETTINGS
from tests.support.pipeline import Pipeline
from tests.support.recorder import BUCKET, DeployedRecorder, make_bucket
from tests.support.recovery import bucket_policy
from tests.support.restore_events import arn, aws_backup
from tests.support.tables import make_source, make_table, restore, settings_of

PRODUCTION, RECOVERY = "123456789012", "999999999999"
HELD = {setting.NAME for setting in SETTINGS} - {"on_demand_throughput"}
# What names resources of the production account.
SKIPPED = {"triggers", "kinesis", "alarms", "resource_policy", "event_source_mapping_tags"}


def in_recovery(table):
    """Return the ARN of a table of the recovery account."""
    return arn(table).replace(PRODUCTION, RECOVERY)


@pytest.fixture
def before(aws):
    """Record a table of the production account in the bucket of the recovery account; return its settings.

    After that nobody gets an answer from the production account.
    """
    aws.restore_seconds = 10
    with aws.in_account(RECOVERY):
        make_bucket(aws)
        recorder_role, function_role = (
            f"arn:aws:iam::{PRODUCTION}:role/{name}" for name in ("table-sync-recorder", "table-sync")
        )
        policy = bucket_policy(BUCKET, PRODUCTION, recorder_role, function_role)
        aws.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    make_source(aws)
    settings = settings_of(aws, "orders")
    with DeployedRecorder(aws, make_bucket=False) as recorder:
        recorder.sweep()
        assert recorder.metric("TablesNotRecorded") == 0
        (key,) = recorder.writes()
    assert key.startswith(f"settings/v1/{PRODUCTION}/")
    aws.clock.advance(7200)
    aws.faults.add(
        "*", "AccessDenied", times=math.inf, status=403, when=lambda call: call.principal.account == PRODUCTION
    )
    return settings


@pytest.fixture
def recovery(aws, before):
    """Return the pipeline of the recovery account, where the table has been restored without its settings."""
    with aws.in_account(RECOVERY), Pipeline(aws, RECORDS_BUCKET=BUCKET) as pipeline:
        assert before
        make_table(aws, "orders-restored")
        yield pipeline


def completed(aws, source):
    """Return AWS Backup's event of a restore job of the recovery account."""
    now = aws.clock.datetime().isoformat(timespec="seconds")
    job = {"sourceResourceArn": source, "createdResourceArn": in_recovery("orders-restored"), "creationDate": now}
    return json.dumps(aws_backup(**job) | {"account": RECOVERY, "time": now})


def assert_has_what_names_no_resource_of_production(aws, report, before):
    assert report["outcome"] == "in_sync"
    assert report["settings_from"]["kind"] == "record"
    found = report["settings"]
    assert {name for name in HELD if found[name]["status"] == "skipped"} == SKIPPED
    for name in SKIPPED - {"event_source_mapping_tags"}:  # it is skipped with triggers
        assert f"it names resources of account {PRODUCTION}: set it by hand" in found[name]["reason"]
    aws.clock.advance(3700)
    now = settings_of(aws, "orders-restored")
    assert {name: now[name] for name in HELD - SKIPPED} == {name: before[name] for name in HELD - SKIPPED}


def test_a_restore_job_that_names_the_lost_table_gets_its_settings_from_the_record(aws, before, recovery):
    recovery.send(completed(aws, arn("orders")))
    recovery.run()
    assert recovery.quarantined == []
    assert_has_what_names_no_resource_of_production(aws, recovery.attempts[-1], before)
    # It looks for nothing in the production account, and keeps the report in its own folder.
    archived = [call.parameters["Key"] for call in recovery.calls() if call.name == "s3:PutObject"]
    assert archived
    assert all(key.startswith(f"restores/v1/{RECOVERY}/") for key in archived)


@pytest.mark.parametrize("source", ["orders", "orders-restored"])
def test_a_restore_job_that_names_a_table_of_the_recovery_account_fails_until_somebody_names_the_lost_one(
    aws, before, recovery, source
):
    """Which ARN the job of a copied recovery point names is not documented."""
    recovery.send(completed(aws, in_recovery(source)))
    recovery.run()
    (message,) = recovery.quarantined
    assert "There is no record of it." in message["reason"]
    assert recovery.attempts[-1]["outcome"] == "failed"
    assert recovery.writes() == []
    report = recovery.invoke(source_table=arn("orders"), target_table="orders-restored")
    while report["outcome"] == "waiting":
        aws.clock.advance(600)
        report = recovery.invoke(source_table=arn("orders"), target_table="orders-restored")
    assert_has_what_names_no_resource_of_production(aws, report, before)


def test_without_a_record_the_report_says_what_would_have_helped(aws, recovery):
    recovery.send(completed(aws, arn("ledger")))
    recovery.run()
    (message,) = recovery.quarantined
    assert message["reason"].endswith(
        f"the bucket {BUCKET} has no record of it: let the source's account record to that bucket"
    )


def test_a_deleted_table_of_the_production_account_is_restored_there_from_the_same_bucket(aws, before):
    aws.faults.clear()
    # The pipeline's handler would stand for the recorder's code too.
    functions = aws.client("lambda")
    (mapping,) = functions.list_event_source_mappings(FunctionName="table-sync-recorder")["EventSourceMappings"]
    functions.delete_event_source_mapping(UUID=mapping["UUID"])
    with Pipeline(aws, RECORDS_BUCKET=BUCKET) as production:
        dynamodb = aws.client("dynamodb")
        restore(aws, "orders", "orders-restored")
        dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName="orders")
        production.run()
        assert production.attempts[-1]["settings_from"]["kind"] == "record"
        assert production.quarantined == []
    aws.clock.advance(3700)
    assert settings_of(aws, "orders-restored") == before
