"""Which tables an event is about: another account's, Region's or restore's are left alone, whatever their names."""

import json
import math

import pytest

from tests.support.restore_events import EVENTS, arn, aws_backup, point_in_time
from tests.support.tables import make_source, make_table, restore, settings_of, wait_until_active

OTHER_ACCOUNT, OTHER_REGION = "999999999999", "us-east-1"


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("elsewhere", [{"account": OTHER_ACCOUNT}, {"region": OTHER_REGION}], ids=str)
def test_an_event_from_elsewhere_goes_to_the_dlq_without_a_call_about_a_table(aws, pipeline, kind, elsewhere):
    make_source(aws)
    make_table(aws, "orders-restored")
    body = json.dumps(EVENTS[kind]() | elsewhere)
    pipeline.send(body)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["body"] == body
    assert "of another account or Region" in message["reason"]
    assert {call.service for call in pipeline.calls()} == {"sqs"}


def test_a_source_of_another_account_cannot_be_read(aws, pipeline):
    make_table(aws, "orders-restored")
    pipeline.send(json.dumps(aws_backup(sourceResourceArn=arn("orders").replace("123456789012", OTHER_ACCOUNT))))
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"] == "the source is in another account, whose settings cannot be read from here"
    assert {call.service for call in pipeline.calls()} <= {"sqs", "events"}


def again(aws, table):
    """Delete a table and make another one of that name."""
    aws.client("dynamodb").delete_table(TableName=table)
    aws.clock.advance(60)
    make_table(aws, table)


def back_up(aws, table):
    return aws.client("dynamodb").create_backup(TableName=table, BackupName="nightly")["BackupDetails"]["BackupArn"]


def restore_backup(aws, backup_arn, target):
    aws.client("dynamodb").restore_table_from_backup(BackupArn=backup_arn, TargetTableName=target)


def fails_because(pipeline, reason):
    pipeline.run()
    (message,) = pipeline.quarantined
    assert reason in message["reason"]
    assert pipeline.attempts[-1]["outcome"] == "failed"
    assert pipeline.attempts[-1]["not_copied"] == []
    assert pipeline.writes() == []


def test_a_source_that_is_made_anew_while_the_restore_runs_is_another_table(aws, pipeline):
    make_table(aws, "orders")
    aws.restore_seconds = 600
    restore(aws, "orders", "orders-restored")
    again(aws, "orders")
    fails_because(pipeline, "the source is gone: Table orders in eu-west-1 was created at 20")


def test_a_source_that_is_made_anew_before_an_old_backup_is_restored_is_another_table(aws, pipeline):
    make_table(aws, "orders")
    backup_arn = back_up(aws, "orders")
    again(aws, "orders")
    aws.clock.advance(3600)
    restore_backup(aws, backup_arn, "orders-restored")
    fails_because(pipeline, "the source is gone: Table orders in eu-west-1 (TableId ")


def test_a_source_that_is_made_anew_before_aws_backup_restores_a_dynamodb_backup_is_another_table(aws, pipeline):
    make_table(aws, "orders")
    backup_arn = back_up(aws, "orders")
    again(aws, "orders")
    aws.clock.advance(3600)
    called = aws.clock.datetime().isoformat(timespec="seconds")
    make_table(aws, "orders-restored")
    job = aws_backup(resourceType="DynamoDB", recoveryPointArn=backup_arn, creationDate=called)
    pipeline.send(json.dumps(job | {"time": called}))
    fails_because(pipeline, "the source is gone: Table orders in eu-west-1 (TableId ")


def test_a_source_that_is_being_deleted_is_gone(aws, pipeline):
    make_table(aws, "orders")
    aws.delays.delete_table = 1e6
    restore(aws, "orders", "orders-restored")
    aws.client("dynamodb").delete_table(TableName="orders")
    fails_because(pipeline, "the source is gone: Table orders is being deleted.")


def test_a_deleted_table_that_is_restored_under_its_own_name_has_no_source(aws, pipeline):
    make_table(aws, "orders")
    dynamodb = aws.client("dynamodb")
    dynamodb.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    dynamodb.delete_table(TableName="orders")
    aws.clock.advance(60)
    (backup,) = dynamodb.list_backups(TableName="orders", BackupType="SYSTEM")["BackupSummaries"]
    restore_backup(aws, backup["BackupArn"], "orders")
    fails_because(pipeline, "the source is gone: The restored table has its name.")


def describes_backup(pipeline):
    return [call for call in pipeline.calls() if call.operation == "DescribeBackup"]


def test_the_backup_is_described_once_when_the_table_is_ready(aws, pipeline):
    make_source(aws)
    aws.restore_seconds = 600
    restore_backup(aws, back_up(aws, "orders"), "orders-restored")
    pipeline.run_for(590)
    assert pipeline.attempts
    assert describes_backup(pipeline) == []
    pipeline.run()
    done = [attempt for attempt in pipeline.attempts if attempt["settings"]["tags"]["status"] != "pending"]
    assert len(describes_backup(pipeline)) == len(done)
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_restore_to_a_point_in_time_describes_no_backup(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert describes_backup(pipeline) == []
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize("code", ["AccessDeniedException", "BackupNotFoundException"])
def test_where_the_backup_cannot_be_described_the_time_decides_alone(aws, pipeline, code):
    make_source(aws)
    aws.faults.add("DescribeBackup", code, times=math.inf)
    restore_backup(aws, back_up(aws, "orders"), "orders-restored")
    pipeline.run()
    assert describes_backup(pipeline)
    assert pipeline.quarantined == []
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_throttled_description_of_the_backup_keeps_the_restore_waiting(aws, pipeline):
    make_source(aws)
    backup_arn = back_up(aws, "orders")
    aws.restore_seconds = 10
    restore_backup(aws, backup_arn, "orders-restored")
    # The SDK tries twice in an attempt.
    aws.faults.add("DescribeBackup", "ThrottlingException", "Rate exceeded", times=2)
    (first,) = pipeline.run_for(61)
    assert (first["outcome"], first["reason"]) == ("waiting", "DescribeBackup: ThrottlingException: Rate exceeded")
    assert pipeline.writes() == []
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_target_that_is_older_than_the_restore_is_left_as_it_is(aws, pipeline):
    make_source(aws)
    make_table(aws, "orders-restored")
    aws.clock.advance(3600)
    before = settings_of(aws, "orders-restored")
    called = aws.clock.datetime().isoformat(timespec="seconds")
    pipeline.send(json.dumps(point_in_time(eventTime=called)))
    pipeline.send(json.dumps(aws_backup(creationDate=called)))
    pipeline.run()
    reasons = [message["reason"] for message in pipeline.quarantined]
    assert len(reasons) == 2
    for reason in reasons:
        assert reason.startswith("the target is another table of that name, created at 20")
        assert ", before the restore was called (20" in reason
    assert pipeline.writes() == []
    assert settings_of(aws, "orders-restored") == before


def test_a_target_that_is_much_older_than_the_restore_job_s_end_is_another_table(aws, pipeline):
    """The job does not say when it was called."""
    make_source(aws)
    make_table(aws, "orders-restored")
    aws.clock.advance(3 * 24 * 3600)
    event = aws_backup(creationDate=None)
    pipeline.send(json.dumps(event | {"time": aws.clock.datetime().isoformat(timespec="seconds")}))
    fails_because(pipeline, ", long before the restore job was completed")


def test_a_target_that_is_younger_than_the_restore_job_s_end_is_another_table(aws, pipeline):
    make_source(aws)
    called = aws.clock.datetime()
    aws.clock.advance(3600)
    make_table(aws, "orders-restored")
    event = aws_backup(creationDate=called.isoformat(timespec="seconds"))
    pipeline.send(json.dumps(event | {"time": called.isoformat(timespec="seconds")}))
    fails_because(pipeline, "the target is another table of that name, created at 20")


def test_a_name_that_is_restored_to_twice_is_of_the_later_restore(aws, pipeline):
    """Its first event comes late, and once more after the second."""
    make_source(aws)
    make_table(aws, "ledger", indexes=())
    aws.restore_seconds = 10
    restore(aws, "ledger", "restored")
    wait_until_active(aws, "restored")
    (message,) = aws.sqs.messages(pipeline.function.queue_arn)
    aws.client("dynamodb").delete_table(TableName="restored")
    aws.clock.advance(3 * 24 * 3600)
    restore(aws, "orders", "restored")
    pipeline.run()
    pipeline.send(message.body)
    pipeline.run()
    reasons = [message["reason"] for message in pipeline.quarantined]
    assert len(reasons) == 2
    assert all(reason.startswith("the target is another table of that name, ") for reason in reasons)
    pipeline.assert_in_sync("orders", "restored")


@pytest.fixture
def restored(aws, pipeline):
    """Let a restored table with one tag be ready."""
    make_source(aws)
    target = restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(30)
    aws.client("dynamodb").tag_resource(ResourceArn=target, Tags=[{"Key": "new", "Value": "yes"}])
    aws.clock.advance(30)
    return pipeline


def test_swapped_tables_are_refused_by_hand_unless_they_are_meant(restored):
    swapped = {"source_table": "orders-restored", "target_table": "orders", "only": ["tags"]}
    for dry_run in (True, False):
        report = restored.invoke(**swapped, dry_run=dry_run)
        assert report["outcome"] == "failed"
        assert report["reason"].startswith("orders-restored is younger than orders: ")
        assert "allow_younger_source" in report["reason"]
    assert restored.writes() == []
    assert restored.invoke(**swapped, allow_younger_source=True)["outcome"] == "in_sync"
    assert restored.writes() == ["dynamodb:TagResource"]


def test_an_invocation_may_be_limited_to_settings(restored):
    report = restored.invoke(source_table="orders", target_table="orders-restored", only=["tags"])
    assert report["outcome"] == "in_sync"
    assert report["settings"].pop("tags")["status"] == "applied"
    assert {(setting["status"], setting["reason"]) for setting in report["settings"].values()} == {
        ("skipped", "not selected")
    }
    assert restored.writes() == ["dynamodb:TagResource"]


@pytest.mark.parametrize("keys", [{"dryrun": True}, {"dry_run": "true"}, {"only": []}, {"record": "x"}], ids=str)
def test_an_invocation_that_may_mean_something_else_writes_nothing(restored, keys):
    report = restored.invoke(source_table="orders", target_table="orders-restored", **keys)
    assert report["outcome"] == "failed"
    assert restored.calls() == []


def test_by_hand_one_table_cannot_be_both(restored):
    report = restored.invoke(source_table="orders", target_table="orders")
    assert (report["outcome"], report["reason"]) == ("failed", "source and target are the same table")
