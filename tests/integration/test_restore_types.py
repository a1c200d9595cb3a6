"""Every way to restore a table, and the restores that are left alone."""

import json

import pytest

from tests.support.restore_events import BACKUP_ID, EVENTS, arn, aws_backup
from tests.support.tables import REGION, make_source, make_table, restore, wait_until_active


def back_up(aws, table):
    created = aws.client("dynamodb").create_backup(TableName=table, BackupName="nightly")
    return created["BackupDetails"]["BackupArn"]


def restore_backup(aws, backup_arn, target):
    aws.client("dynamodb").restore_table_from_backup(BackupArn=backup_arn, TargetTableName=target)


def complete_job(aws, source, target):
    """Let AWS Backup tell that a restore job has completed."""
    found = next((table for table in aws.dynamodb.tables(REGION) if table.moto.name == target), None)
    created = found.moto.created_at.isoformat(timespec="milliseconds") + "Z" if found else None
    event = aws_backup(source, target, creationDate=created)
    aws.events.put("eu-west-1", {key: event[key] for key in ("source", "detail-type", "detail", "resources")})


def test_a_restore_from_a_backup_is_followed_to_equal_settings(aws, deploy):
    pipeline = deploy(restore_types=["backup"])
    make_source(aws)
    restore_backup(aws, back_up(aws, "orders"), "orders-restored")
    pipeline.run()
    assert len(pipeline.attempts) > 1
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_backup_of_a_table_that_is_gone_ends_in_the_dlq(aws, pipeline):
    make_table(aws, "orders")
    backup_arn = back_up(aws, "orders")
    aws.client("dynamodb").delete_table(TableName="orders")
    aws.clock.advance(60)
    restore_backup(aws, backup_arn, "orders-restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert "orders was not found" in message["reason"]


def test_a_restore_by_aws_backup_is_done_at_the_first_look(aws, deploy):
    pipeline = deploy(restore_types=["aws_backup"])
    make_source(aws)
    restore_backup(aws, back_up(aws, "orders"), "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(300)
    assert pipeline.invocations == []
    complete_job(aws, "orders", "orders-restored")
    pipeline.run()
    assert not any("the target is" in attempt.get("reason", "") for attempt in pipeline.attempts)
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_restore_that_is_told_twice_is_written_once(aws, pipeline):
    make_source(aws)
    restore_backup(aws, back_up(aws, "orders"), "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    writes = len(pipeline.writes())
    complete_job(aws, "orders", "orders-restored")
    pipeline.run()
    assert len(pipeline.writes()) == writes
    assert {outcome["status"] for outcome in pipeline.attempts[-1]["settings"].values()} == {"unchanged"}


@pytest.mark.parametrize("watched", EVENTS)
def test_a_restore_of_a_type_that_is_not_watched_reaches_no_function(aws, deploy, watched):
    pipeline = deploy(restore_types=[watched])
    make_source(aws)
    restore(aws, "orders", "by-point-in-time")
    restore_backup(aws, back_up(aws, "orders"), "by-backup")
    complete_job(aws, "orders", "by-aws-backup")
    pipeline.run_for(120)
    targets = {attempt["target"].rpartition("/")[2] for attempt in pipeline.attempts}
    assert targets == {f"by-{watched.replace('_', '-')}"}


def test_a_table_for_restore_testing_is_left_alone_without_a_call(aws, pipeline):
    make_table(aws, "orders")
    for target in ("awsbackup-restore-test-1", "awsbackup-restore-test-2"):
        restore_backup(aws, back_up(aws, "orders"), target)
        complete_job(aws, "orders", target)
    pipeline.run()
    assert pipeline.attempts == []
    assert pipeline.quarantined == []
    assert pipeline.calls() == []


@pytest.mark.parametrize("table", ["orders", "backup"])
def test_a_pattern_of_names_does_not_match_other_parts_of_a_backup_s_arn(aws, deploy, table):
    # The ARN of a backup is TABLE_ARN/backup/ID.
    pipeline = deploy(restore_types=["backup"], EXCLUDE_TABLES="*backup*,*table*,0*" if table == "orders" else "orders")
    make_table(aws, table)
    restore_backup(aws, back_up(aws, table), "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"


def test_an_included_table_is_found_in_a_backup_of_another_region(deploy):
    pipeline = deploy(INCLUDE_TABLES="orders")
    parameters = {"backupArn": f"{arn('orders', 'us-east-1')}/backup/{BACKUP_ID}", "targetTableName": "copy"}
    pipeline.send(json.dumps(EVENTS["backup"](requestParameters=parameters)))
    pipeline.send(json.dumps(EVENTS["backup"]("users", "users-copy")))
    pipeline.run_for(120)
    assert {attempt["source"] for attempt in pipeline.attempts} == {arn("orders", "us-east-1")}


@pytest.mark.parametrize(
    ("variables", "looked_after"),
    [
        ({"INCLUDE_TABLES": "prod-*,orders"}, ["orders-copy", "prod-orders", "copy"]),
        ({"INCLUDE_TABLES": "*-copy"}, ["orders-copy", "users-copy"]),
        ({"EXCLUDE_TABLES": "users"}, ["orders-copy", "prod-orders", "copy"]),
        ({"EXCLUDE_TABLES": "*-copy, prod-*"}, []),
        ({"INCLUDE_TABLES": "*orders*", "EXCLUDE_TABLES": "copy"}, ["orders-copy", "prod-orders"]),
        ({"INCLUDE_TABLES": "", "EXCLUDE_TABLES": ""}, ["orders-copy", "users-copy", "prod-orders", "copy"]),
    ],
    ids=str,
)
def test_other_tables_are_left_alone_without_a_call(deploy, variables, looked_after):
    pipeline = deploy(**variables)
    restores = {"orders-copy": "orders", "users-copy": "users", "prod-orders": "orders", "copy": "prod-orders"}
    for target, source in restores.items():
        pipeline.send(json.dumps(EVENTS["point_in_time"](source, target)))
    pipeline.run_for(120)
    assert {attempt["target"].rpartition("/")[2] for attempt in pipeline.attempts} == set(looked_after)
    excluded = [line for line in pipeline.log if "excluded" in line.get("message", "")]
    assert {line["target"].rpartition("/")[2] for line in excluded} == restores.keys() - set(looked_after)
    if not looked_after:
        assert pipeline.calls() == []


def test_by_hand_a_table_that_is_excluded_is_synced_all_the_same(aws, deploy):
    pipeline = deploy(EXCLUDE_TABLES="*")
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(300)
    assert pipeline.invoke(source_table="orders", target_table="orders-restored")["outcome"] in {"in_sync", "waiting"}
    assert pipeline.writes() != []


def test_a_pattern_that_is_none_is_named(deploy):
    pipeline = deploy(EXCLUDE_TABLES="orders?")
    invocation = pipeline.service.invoke("table-sync", {"source_table": "a", "target_table": "b"})
    assert invocation.error["errorType"] == "ConfigurationError"
    assert "EXCLUDE_TABLES has 'orders?'" in invocation.error["errorMessage"]
