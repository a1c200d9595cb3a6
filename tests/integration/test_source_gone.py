"""Restores whose source is gone: its settings come from a record, or from what is left of it."""

import dataclasses
import json
import math
from datetime import UTC, datetime

import pytest

from table_sync import which_source
from table_sync.records.bucket import Bucket
from table_sync.records.record import dumps
from table_sync.settings import SETTINGS
from tests.settings import alarms, auto_scaling
from tests.support.recorder import record_table
from tests.support.restore_events import arn, aws_backup, point_in_time
from tests.support.tables import (
    FILTER,
    REGION,
    make_function,
    make_source,
    make_table,
    restore,
    settings_of,
)
from tests.support.tables import wait_until_active as wait

BUCKET, OTHER_ACCOUNT, OTHER_REGION = "records-of-settings", "999999999999", "us-east-1"
HELD = {setting.NAME for setting in SETTINGS} - {"on_demand_throughput"}
# What a backup and the services keep of a table that was deleted.
LEFT = {"stream", "ttl", "triggers", "event_source_mapping_tags", "auto_scaling", "scalable_target_tags", "alarms"}


@pytest.fixture(autouse=True)
def records(aws):
    """Return the client of the bucket of records; a restore takes seconds."""
    aws.restore_seconds = 10
    which_source._last_answers.clear()  # noqa: SLF001 (each test is a process of its own)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return s3


@pytest.fixture
def pipeline(deploy):
    return deploy(RECORDS_BUCKET=BUCKET)


def delete(aws, name="orders", region=REGION):
    dynamodb = aws.client("dynamodb", region)
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    wait(aws, name, region)
    dynamodb.delete_table(TableName=name)
    aws.clock.advance(60)


def restore_deleted(aws, target="orders"):
    (backup,) = aws.client("dynamodb").list_backups(TableName="orders", BackupType="SYSTEM")["BackupSummaries"]
    aws.client("dynamodb").restore_table_from_backup(BackupArn=backup["BackupArn"], TargetTableName=target)


def last(pipeline):
    return pipeline.attempts[-1]


def statuses(report):
    return {name: setting["status"] for name, setting in report["settings"].items()}


def of_s3(pipeline):
    """Return the operations on records; the archive has objects of its own."""
    calls = [call for call in pipeline.calls() if call.service == "s3"]
    names = [(call.operation, str(call.parameters.get("Key") or call.parameters.get("Prefix"))) for call in calls]
    return [operation for operation, name in names if name.startswith("settings/")]


def arranged(aws):
    """Make the source, record it two hours ago, and return what it had."""
    make_source(aws)
    record = record_table()
    aws.clock.advance(7200)
    return settings_of(aws, "orders"), record


def test_a_deleted_table_that_is_restored_under_its_own_name_gets_everything_back(aws, pipeline):
    before, record = arranged(aws)
    alarms_before = len(aws.client("cloudwatch").describe_alarms()["MetricAlarms"])
    delete(aws)
    restore_deleted(aws)
    pipeline.run()
    assert pipeline.quarantined == []
    wait(aws, "orders")
    aws.clock.advance(120)
    assert settings_of(aws, "orders") == before
    origin = last(pipeline)["settings_from"]
    assert (origin["kind"], origin["table_id"], origin["newer_differs"]) == ("record", record.table_id, [])
    assert origin["recorded_at"] == record.recorded_at.isoformat()
    assert origin["version_id"]
    # Nothing is there twice, but the mappings: those of the old stream stay as they are.
    assert len(aws.client("cloudwatch").describe_alarms()["MetricAlarms"]) == alarms_before
    mappings = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert len([mapping for mapping in mappings if "/orders/stream/" in mapping["EventSourceArn"]]) == 4
    assert not [write for write in pipeline.writes() if "RegisterScalableTarget" in write]


def test_a_source_that_is_deleted_while_the_restore_runs_has_its_record(aws, pipeline):
    before, _ = arranged(aws)
    aws.restore_seconds = 600
    restore(aws, "orders", "orders-restored")
    delete(aws)
    pipeline.run()
    assert pipeline.quarantined == []
    assert last(pipeline)["outcome"] == "in_sync"
    assert last(pipeline)["settings_from"]["kind"] == "record"
    aws.clock.advance(120)
    assert settings_of(aws, "orders-restored") == before


def test_a_restore_uses_what_was_in_force_an_hour_before_and_says_what_is_newer(aws, pipeline):
    before, _ = arranged(aws)
    client = aws.client("dynamodb")
    client.untag_resource(ResourceArn=arn("orders"), TagKeys=sorted(before["tags"]))
    aws.clock.advance(5)
    record_table()
    aws.clock.advance(600)
    delete(aws)
    restore_deleted(aws)
    pipeline.run()
    aws.clock.advance(120)
    assert settings_of(aws, "orders")["tags"] == before["tags"]
    assert last(pipeline)["settings_from"]["newer_differs"] == ["tags"]


def test_a_record_is_found_although_it_was_deleted(aws, pipeline, records):
    before, record = arranged(aws)
    records.delete_object(Bucket=BUCKET, Key=record.key)
    delete(aws)
    restore_deleted(aws)
    pipeline.run()
    aws.clock.advance(120)
    assert settings_of(aws, "orders") == before


def test_without_a_record_what_is_left_is_applied_and_the_rest_has_failed(aws, pipeline):
    before, record = arranged(aws)
    Bucket(BUCKET, REGION)
    aws.client("s3").delete_object(Bucket=BUCKET, Key=record.key, VersionId=version_of(aws, record.key))
    backup_arn = aws.client("dynamodb").create_backup(TableName="orders", BackupName="nightly")["BackupDetails"]
    delete(aws)
    aws.client("dynamodb").restore_table_from_backup(
        BackupArn=backup_arn["BackupArn"], TargetTableName="orders-restored"
    )
    pipeline.run()
    report = last(pipeline)
    assert report["settings_from"] == {"kind": "leftovers"}
    assert report["outcome"] == "failed"
    aws.clock.advance(3700)
    now = settings_of(aws, "orders-restored")
    assert {name: now[name] for name in LEFT} == {name: before[name] for name in LEFT}
    found = statuses(report)
    assert {name for name in HELD if found[name] == "failed"} == HELD - LEFT
    assert all("enable_records" in report["settings"][name]["reason"] for name in HELD - LEFT)
    (message,) = pipeline.quarantined
    assert message["reason"].startswith("the source is gone: Table orders was not found in eu-west-1.")
    assert "There is no record of it. tags: " in message["reason"]


def version_of(aws, key):
    (version,) = aws.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]
    return version["VersionId"]


def test_what_is_left_of_a_table_that_was_restored_under_its_own_name_is_not_duplicated(aws, deploy):
    pipeline = deploy()
    make_source(aws)
    alarms_before = len(aws.client("cloudwatch").describe_alarms()["MetricAlarms"])
    before = settings_of(aws, "orders")
    delete(aws)
    restore_deleted(aws)
    pipeline.run()
    found = last(pipeline)
    assert found["settings_from"] == {"kind": "leftovers"}
    assert len(aws.client("cloudwatch").describe_alarms()["MetricAlarms"]) == alarms_before
    assert settings_of(aws, "orders")["auto_scaling"] == before["auto_scaling"]
    assert not [write for write in pipeline.writes() if "application-autoscaling" in write]


def test_alarms_and_scaling_of_another_table_that_has_the_name_are_not_taken_for_the_sources(aws, deploy):
    pipeline = deploy()
    make_table(aws, "orders")
    aws.restore_seconds = 600
    restore(aws, "orders", "orders-restored")
    delete(aws)
    make_table(aws, "orders")
    alarms.give(aws, "orders")
    auto_scaling.give(aws, "orders")
    pipeline.run()
    found = statuses(last(pipeline))
    assert {found[name] for name in ("alarms", "auto_scaling", "scalable_target_tags")} == {"failed"}
    assert pipeline.writes() == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalServerError"])
def test_a_source_that_may_not_be_read_is_not_gone(aws, pipeline, code):
    arranged(aws)
    restore(aws, "orders", "orders-restored")
    wait(aws, "orders-restored")
    aws.faults.add("DescribeTable", code, times=math.inf, when=lambda call: call.parameters["TableName"] == "orders")
    report = pipeline.run_for(4000)[-1]
    assert report["outcome"] == ("failed" if code.startswith("Access") else "waiting")
    assert "settings_from" not in report
    assert of_s3(pipeline) == []
    assert pipeline.writes() == []


def test_a_live_source_needs_no_bucket(aws, pipeline):
    arranged(aws)
    aws.faults.add("s3:*", "AccessDenied", times=math.inf, status=403)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert of_s3(pipeline) == []
    assert last(pipeline)["settings_from"] == {"kind": "live"}
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize(
    ("code", "status", "operation"),
    [("SlowDown", 503, "ListObjectVersions"), ("SlowDown", 503, "GetObject"), ("InternalError", 500, "GetObject")],
)
def test_a_bucket_that_is_throttled_keeps_the_restore_waiting(aws, pipeline, code, status, operation):
    before, _ = arranged(aws)
    delete(aws)
    restore_deleted(aws)
    fault = aws.faults.add(operation, code, times=6, status=status)
    pipeline.run()
    assert len(fault.met) == 6
    assert any(attempt["outcome"] == "waiting" and code in attempt["reason"] for attempt in pipeline.attempts)
    aws.clock.advance(120)
    assert settings_of(aws, "orders") == before


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket"])
def test_a_bucket_that_cannot_be_read_is_told(aws, pipeline, code):
    arranged(aws)
    delete(aws)
    restore_deleted(aws)
    aws.faults.add("ListObjectVersions", code, times=math.inf, status=403)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith(
        f"the records in the bucket {BUCKET} cannot be read: ListObjectVersions: {code}"
    )
    assert pipeline.writes() == []


PUBLIC = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
HOSTILE = {
    "not JSON": lambda _: b"\xff",
    "too large": lambda record: dumps(record) + b" " * 10_000_000,
    "a newer version": lambda record: changed(record, version=2),
    "an unknown schema": lambda record: changed(record, settings=[1]),
    "another account's table": lambda record: changed(
        record, table=record.table.replace("123456789012", OTHER_ACCOUNT)
    ),
    "another table": lambda record: changed(record, table=arn("ledger")),
    "another partition's table": lambda record: changed(record, table=record.table.replace("arn:aws:", "arn:aws-cn:")),
    "another lifetime": lambda record: changed(record, table_id="other"),
}


def changed(record, **fields):
    return json.dumps(json.loads(dumps(record)) | fields).encode()


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_record_that_is_none_changes_nothing_and_is_reported(aws, pipeline, records, kind):
    _, record = arranged(aws)
    records.put_object(Bucket=BUCKET, Key=record.key, Body=HOSTILE[kind](record))
    aws.clock.advance(7200)
    delete(aws)
    restore_deleted(aws)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith(f"the record in the bucket {BUCKET} cannot be used: ")
    assert set(statuses(last(pipeline)).values()) == {"failed"}
    assert pipeline.writes() == []


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ttl", {"TimeToLiveStatus": 5}, "TimeToLiveDescription.TimeToLiveStatus is not a text"),
        ("tags", {"Tags": [{"Key": "a"}]}, "Tag has no Value"),
        ("kinesis", {"KinesisDataStreamDestinations": {}}, "KinesisDataStreamDestinations is not a list"),
        (
            "auto_scaling",
            {
                "ScalableTargets": [
                    {
                        "ServiceNamespace": "dynamodb",
                        "ResourceId": "table/ledger",
                        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
                    }
                ]
            },
            "ResourceId table/ledger is not table/orders",
        ),
        (
            "resource_policy",
            {"ResourcePolicies": [{"ResourceArn": arn("orders"), "Policy": json.dumps(PUBLIC), "RevisionId": "1"}]},
            "statement number 1 of the recorded policy would open the table to everyone",
        ),
        (
            "resource_policy",
            {"ResourcePolicies": [{"ResourceArn": arn("ledger"), "Policy": '{"Statement": []}', "RevisionId": "1"}]},
            "neither the table nor its stream",
        ),
    ],
    ids=str,
)
def test_one_setting_that_cannot_be_used_has_failed_and_the_others_are_applied(aws, pipeline, name, value, reason):
    before, record = arranged(aws)
    record_table(settings=dict(record.settings) | {name: value})
    aws.clock.advance(7200)
    delete(aws)
    restore_deleted(aws, "orders-restored")
    pipeline.run()
    report = last(pipeline)
    assert report["settings"][name]["status"] == "failed"
    assert reason in report["settings"][name]["reason"]
    aws.clock.advance(120)
    now = settings_of(aws, "orders-restored")
    assert {key for key in HELD if now[key] != before[key]} == {name} | DEPENDENTS.get(name, set())
    about_tables = [call for call in pipeline.calls() if call.service not in {"events", "s3", "sqs"}]
    assert not [call for call in about_tables if "ledger" in json.dumps(call.parameters, default=str)]


DEPENDENTS = {"auto_scaling": {"scalable_target_tags"}}


def test_a_value_that_is_older_than_its_record_is_applied_and_the_report_says_so(aws, pipeline):
    before, record = arranged(aws)
    record_table(settings=record.settings, unreadable={"tags": "ListTagsOfResource: AccessDeniedException"})
    aws.clock.advance(7200)
    delete(aws)
    restore_deleted(aws)
    pipeline.run()
    assert settings_of(aws, "orders")["tags"] == before["tags"]
    tags = last(pipeline)["settings"]["tags"]
    assert "older than the record, which could not read it (ListTagsOfResource: AccessDenied" in tags["reason"]


def test_an_encrypted_filter_comes_from_the_old_mapping_or_its_trigger_has_failed(aws, pipeline):
    make_source(aws)
    table = aws.client("dynamodb").describe_table(TableName="orders")["Table"]
    functions = [make_function(aws, name) for name in ("kept", "lost")]
    mappings = [
        aws.client("lambda").create_event_source_mapping(
            EventSourceArn=table["LatestStreamArn"],
            FunctionName=function,
            StartingPosition="LATEST",
            FilterCriteria=FILTER,
            KMSKeyArn=f"arn:aws:kms:eu-west-1:{aws.account}:key/00000000-0000-0000-0000-000000000000",
        )["UUID"]
        for function in functions
    ]
    aws.clock.advance(60)
    record = record_table()
    assert FILTER["Filters"][0]["Pattern"] not in json.dumps(
        [one for one in record.settings["triggers"]["EventSourceMappings"] if "KMSKeyArn" in one]
    )
    aws.clock.advance(7200)
    delete(aws)
    aws.client("lambda").delete_event_source_mapping(UUID=mappings[1])
    aws.clock.advance(600)
    restore_deleted(aws)
    pipeline.run()
    triggers = last(pipeline)["settings"]["triggers"]
    assert triggers["status"] == "failed"
    assert f"the filter of the mapping to {functions[1]} cannot be read (it is encrypted" in triggers["reason"]
    stream = aws.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    made = aws.client("lambda").list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    assert functions[0] in {mapping["FunctionArn"] for mapping in made}
    assert functions[1] not in {mapping["FunctionArn"] for mapping in made}


def test_another_accounts_record_gives_what_names_no_resource_of_it(aws, pipeline, records):
    before, record = arranged(aws)
    theirs = dataclasses.replace(record, table=record.table.replace(aws.account, OTHER_ACCOUNT))
    settings = json.loads(json.dumps(theirs.settings).replace(aws.account, OTHER_ACCOUNT))
    records.put_object(Bucket=BUCKET, Key=theirs.key, Body=dumps(dataclasses.replace(theirs, settings=settings)))
    aws.clock.advance(7200)
    make_table(aws, "orders-restored")
    called = aws.clock.datetime().isoformat(timespec="seconds")
    event = aws_backup(sourceResourceArn=theirs.table, creationDate=called)
    pipeline.send(json.dumps(event | {"time": called}))
    pipeline.run()
    report = last(pipeline)
    assert report["outcome"] == "in_sync"
    assert report["settings_from"]["kind"] == "record"
    skipped = {"triggers", "kinesis", "alarms", "resource_policy", "event_source_mapping_tags"}
    found = statuses(report)
    assert {name for name in HELD if found[name] == "skipped"} == skipped
    assert f"names resources of account {OTHER_ACCOUNT}" in report["settings"]["kinesis"]["reason"]
    aws.clock.advance(3700)
    now = settings_of(aws, "orders-restored")
    same = HELD - skipped
    assert {name: now[name] for name in same} == {name: before[name] for name in same}


def test_another_account_that_records_nothing_here_is_told(aws, pipeline):
    make_table(aws, "orders-restored")
    pipeline.send(json.dumps(aws_backup(sourceResourceArn=arn("orders").replace("123456789012", OTHER_ACCOUNT))))
    pipeline.run()
    assert last(pipeline)["outcome"] == "failed"
    assert pipeline.writes() == []


def test_a_region_that_does_not_answer_for_ten_attempts_has_its_record(aws, pipeline):
    make_source(aws, region=OTHER_REGION)
    record_table(region=OTHER_REGION)
    aws.clock.advance(7200)
    before = settings_of(aws, "orders", OTHER_REGION)
    restore(aws, arn("orders", OTHER_REGION), "orders-restored")
    wait(aws, "orders-restored")
    aws.faults.add(
        "*", "ReadTimeout", times=math.inf, when=lambda call: call.region == OTHER_REGION and pipeline.made(call)
    )
    pipeline.run()
    waiting = [attempt for attempt in pipeline.attempts if attempt["outcome"] == "waiting"]
    first = next(attempt for attempt in pipeline.attempts if "settings_from" in attempt)
    assert first["attempt"] == 10
    assert first["settings_from"]["kind"] == "record"
    assert not any("settings_from" in attempt for attempt in waiting[:9])
    assert last(pipeline)["outcome"] == "in_sync"
    aws.clock.advance(3700)
    now = settings_of(aws, "orders-restored")
    # What is bound to the other Region stays there.
    there = {"triggers", "kinesis", "alarms", "event_source_mapping_tags"}
    assert {name for name in HELD if now[name] != before[name]} <= there | {"resource_policy"}


@pytest.mark.parametrize("new_process", [False, True])
def test_a_region_that_does_not_answer_once_is_waited_for(aws, pipeline, new_process):
    make_source(aws, region=OTHER_REGION)
    record_table(region=OTHER_REGION)
    aws.restore_seconds = 3600
    restore(aws, arn("orders", OTHER_REGION), "orders-restored")
    pipeline.run_for(3500)
    assert len(pipeline.attempts) > 10
    wait(aws, "orders-restored")
    if new_process:
        which_source._last_answers.clear()  # noqa: SLF001 (Lambda starts another environment)
    aws.faults.add("DescribeTable", "ReadTimeout", times=6, when=lambda call: call.region == OTHER_REGION)
    pipeline.run()
    assert last(pipeline)["settings_from"] == {"kind": "live"}
    assert of_s3(pipeline) == []


class TestInvocation:
    def invoke(self, pipeline, record, **keys):
        return pipeline.invoke(source_table="orders", target_table="orders-restored", record=record.key, **keys)

    @pytest.fixture
    def restored(self, aws):
        _, record = arranged(aws)
        restore(aws, "orders", "orders-restored")
        wait(aws, "orders-restored")
        aws.clock.advance(30)
        return record

    def test_a_record_is_used_as_asked_although_the_source_is_live(self, aws, pipeline, restored):
        aws.client("dynamodb").tag_resource(ResourceArn=arn("orders"), Tags=[{"Key": "new", "Value": "yes"}])
        report = self.invoke(pipeline, restored, only=["tags"])
        assert report["outcome"] == "in_sync"
        assert (report["settings_from"]["kind"], report["settings_from"]["newer_differs"]) == ("record", [])
        assert "new" not in settings_of(aws, "orders-restored")["tags"]

    def test_a_version_is_used_as_asked(self, aws, pipeline, restored):
        first = version_of(aws, restored.key)
        record_table(settings=dict(restored.settings) | {"tags": None})
        newest = self.invoke(pipeline, restored, dry_run=True, only=["tags"])
        assert newest["settings"]["tags"]["status"] == "unchanged"
        older = self.invoke(pipeline, restored, dry_run=True, only=["tags"], version_id=first)
        assert older["settings"]["tags"]["status"] == "differs"
        assert (older["settings_from"]["version_id"], older["settings_from"]["newer_differs"]) == (first, ["tags"])

    def test_a_record_that_is_not_there_is_told(self, pipeline, restored):
        missing = dataclasses.replace(restored, table_id="missing")
        report = self.invoke(pipeline, missing)
        assert (report["outcome"], report["reason"]) == ("failed", f"the bucket {BUCKET} has no record {missing.key}")
        report = self.invoke(pipeline, restored, version_id="missing")
        reason = f"the bucket {BUCKET} has no record {restored.key} of version missing"
        assert (report["outcome"], report["reason"]) == ("failed", reason)
        assert pipeline.writes() == []

    def test_a_table_gets_its_own_earlier_settings(self, aws, pipeline):
        before, record = arranged(aws)
        aws.client("dynamodb").untag_resource(ResourceArn=arn("orders"), TagKeys=sorted(before["tags"]))
        report = pipeline.invoke(source_table="orders", target_table="orders", record=record.key, only=["tags"])
        assert report["outcome"] == "in_sync"
        assert settings_of(aws, "orders")["tags"] == before["tags"]


def test_a_restore_from_a_record_takes_at_most_three_calls_more_than_a_live_one(aws, pipeline, figures):
    arranged(aws)
    calls = {}
    # Either is found ACTIVE by the first attempt.
    for kind, prepare in {"live": lambda: aws.clock.advance(70), "record": lambda: delete(aws)}.items():
        before = len(pipeline.calls())
        restore(aws, "orders", f"orders-{kind}")
        prepare()
        pipeline.run()
        assert last(pipeline)["settings_from"]["kind"] == kind
        calls[kind] = len([call for call in pipeline.calls()[before:] if call.service != "sqs"])
    figures("calls of a restore", **calls)
    assert calls["record"] <= calls["live"] + 3


def test_the_event_of_a_restore_says_where_its_settings_come_from(aws, pipeline):
    arranged(aws)
    delete(aws)
    restore_deleted(aws)
    pipeline.run()
    (call,) = aws.calls_of("PutEvents")
    detail = json.loads(call.parameters["Entries"][0]["Detail"])
    assert detail["settings_from"] == last(pipeline)["settings_from"]


def test_a_point_in_time_of_a_source_nobody_recorded_in_time_has_the_latest_lifetime_before(aws, pipeline):
    """A later lifetime of the name is not that of the restore."""
    before, record = arranged(aws)
    called = aws.clock.datetime()
    delete(aws)
    make_table(aws, "orders")
    record_table()
    make_table(aws, "orders-restored")
    event = point_in_time(eventTime=called.isoformat(timespec="seconds"))
    pipeline.send(json.dumps(event))
    pipeline.run()
    assert last(pipeline)["settings_from"]["table_id"] == record.table_id
    assert datetime.fromisoformat(last(pipeline)["settings_from"]["recorded_at"]).tzinfo == UTC
    aws.clock.advance(3700)
    assert settings_of(aws, "orders-restored")["tags"] == before["tags"]
