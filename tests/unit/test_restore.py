import json
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import Location, is_table_arn
from table_sync.handler import lambda_handler
from table_sync.queue.restore_event import NotARestoreError, RestoreRefusedError, parse
from table_sync.restore import Restore
from tests.support.restore_events import (
    ACCOUNT,
    BACKUP_ID,
    EVENT_ID,
    EVENTS,
    JOB_ID,
    REGION,
    TIME,
    arn,
    aws_backup,
    backup,
    point_in_time,
)

ORDERS, RESTORED = arn("orders"), arn("orders-restored")
OWN = Location("aws", REGION, ACCOUNT)
CALLED = datetime.fromisoformat(TIME)
CREATED = datetime.fromisoformat("2026-07-15T03:10:01.742Z")
COMPLETED = datetime.fromisoformat("2026-07-15T03:14:53.128Z")
CALL = {"called_at": CALLED, "event_at": CALLED, "event_id": EVENT_ID}
JOB = {"completed_at": CALLED, "event_at": COMPLETED, "event_id": JOB_ID}
RESTORES = {
    "point_in_time": Restore(ORDERS, RESTORED, **CALL),
    "backup": Restore(ORDERS, RESTORED, **CALL, backup_arn=f"{ORDERS}/backup/{BACKUP_ID}"),
    "aws_backup": Restore(ORDERS, RESTORED, called_at=CREATED, **JOB),
}
NO_TIMES = [
    *(None, 1784085298, "", "yesterday", "2026-07-15T03:14:58", "9" * 99),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z"),
]


@pytest.mark.parametrize("kind", EVENTS)
def test_each_kind_of_restore_is_read(kind):
    assert parse(json.dumps(EVENTS[kind]()), OWN) == RESTORES[kind]


@pytest.mark.parametrize("time", NO_TIMES)
def test_a_time_that_is_none_is_left_out(time):
    assert parse(json.dumps(point_in_time(eventTime=time)), OWN) == replace(RESTORES["point_in_time"], event_at=None)
    job = aws_backup(creationDate=time)
    assert parse(json.dumps(job), OWN) == Restore(ORDERS, RESTORED, **JOB)
    job = aws_backup(completionDate=time)
    assert parse(json.dumps(job), OWN) == replace(RESTORES["aws_backup"], event_at=None)


@pytest.mark.parametrize("event_id", [None, 7, "", "../../settings", "a/b", "x" * 65, ["id"]])
def test_an_id_that_is_none_is_left_out(event_id):
    """It becomes a part of an object key."""
    assert parse(json.dumps(point_in_time(eventID=event_id)), OWN) == replace(RESTORES["point_in_time"], event_id="")
    assert parse(json.dumps(aws_backup(restoreJobId=event_id)), OWN) == replace(RESTORES["aws_backup"], event_id="")


@pytest.mark.parametrize("time", NO_TIMES)
@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_without_any_time_is_of_no_known_restore(kind, time):
    event = EVENTS[kind](**({} if kind == "aws_backup" else {"eventTime": time})) | {"time": time}
    with pytest.raises(NotARestoreError, match=r"The event does not say when the restore (was called|job was COMPL)"):
        parse(json.dumps(event), OWN)


@pytest.mark.parametrize("resource_type", ["DynamoDB", "DynamoDB.FullyManaged"])
def test_a_job_restores_from_backups_with_and_without_advanced_features(resource_type):
    assert parse(json.dumps(aws_backup(resourceType=resource_type)), OWN) == RESTORES["aws_backup"]


@pytest.mark.parametrize(
    ("recovery_point", "backup_arn"),
    [
        (f"{ORDERS}/backup/{BACKUP_ID}", f"{ORDERS}/backup/{BACKUP_ID}"),
        (f"{arn('others')}/backup/{BACKUP_ID}", None),
        (f"arn:aws:backup:{REGION}:{ACCOUNT}:recovery-point:1", None),
        (None, None),
        ([f"{ORDERS}/backup/{BACKUP_ID}"], None),
    ],
)
def test_the_recovery_point_of_a_job_may_be_a_dynamodb_backup_of_its_table(recovery_point, backup_arn):
    assert parse(json.dumps(aws_backup(recoveryPointArn=recovery_point)), OWN).backup_arn == backup_arn


@pytest.mark.parametrize("source", [ORDERS, arn("orders", "us-east-2")])
def test_the_source_may_be_an_arn_also_of_another_region(source):
    assert parse(json.dumps(point_in_time(source)), OWN) == Restore(source, RESTORED, **CALL)
    assert parse(json.dumps(aws_backup(sourceResourceArn=source)), OWN).source == source
    assert parse(json.dumps(from_backup(f"{source}/backup/{BACKUP_ID}")), OWN).source == source


def test_the_source_of_a_job_may_be_of_another_account():
    """AWS Backup restores a recovery point that another account has copied to this one."""
    source = ORDERS.replace(ACCOUNT, "999999999999")
    assert parse(json.dumps(aws_backup(sourceResourceArn=source)), OWN).source == source


PARTITIONS = [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("ap-southeast-2", "aws")]


@pytest.mark.parametrize(("region", "partition"), PARTITIONS)
def test_the_partition_is_the_function_s(region, partition):
    event = point_in_time(awsRegion=region) | {"region": region}
    restore = parse(json.dumps(event), Location(partition, region, ACCOUNT))
    assert restore.source == f"arn:{partition}:dynamodb:{region}:{ACCOUNT}:table/orders"
    assert restore.target == f"arn:{partition}:dynamodb:{region}:{ACCOUNT}:table/orders-restored"


@pytest.mark.parametrize(("region", "partition"), PARTITIONS)
def test_a_name_in_an_invocation_is_of_a_table_beside_the_function(region, partition):
    function = f"arn:{partition}:lambda:{region}:{ACCOUNT}:function:table-sync"
    # One table as both is refused before any call.
    report = lambda_handler(
        {"source_table": "orders", "target_table": "orders"},
        SimpleNamespace(invoked_function_arn=function, get_remaining_time_in_millis=lambda: 120_000),
    )
    assert report["reason"] == "source and target are the same table"
    assert report["source"] == report["target"] == f"arn:{partition}:dynamodb:{region}:{ACCOUNT}:table/orders"


def from_backup(backup_arn):
    return backup(requestParameters={"backupArn": backup_arn, "targetTableName": "orders-restored"})


OTHER_ACCOUNT, OTHER_REGION = "999999999999", "us-east-1"
# Each says of itself in one place that it is not of this account, Region or partition.
FOREIGN = {
    **{f"{kind} of another account": event() | {"account": OTHER_ACCOUNT} for kind, event in EVENTS.items()},
    **{f"{kind} of another Region": event() | {"region": OTHER_REGION} for kind, event in EVENTS.items()},
    **{f"{kind} of no account": event() | {"account": None} for kind, event in EVENTS.items()},
    "call recorded for another account": point_in_time(recipientAccountId=OTHER_ACCOUNT),
    "call in another Region": backup(awsRegion=OTHER_REGION),
    "call of no account": point_in_time(recipientAccountId=None),
    "failed call in another Region": point_in_time(awsRegion=OTHER_REGION, errorCode="AccessDenied"),
    "table made in another account": aws_backup(createdResourceArn=RESTORED.replace(ACCOUNT, OTHER_ACCOUNT)),
    "table made in another Region": aws_backup(createdResourceArn=arn("orders-restored", OTHER_REGION)),
    "table made in another partition": aws_backup(createdResourceArn=RESTORED.replace("arn:aws:", "arn:aws-cn:")),
    "source of another partition": point_in_time(ORDERS.replace("arn:aws:", "arn:aws-cn:")),
    "backup of another partition": from_backup(f"{ORDERS}/backup/{BACKUP_ID}".replace("arn:aws:", "arn:aws-cn:")),
    "job's source of another partition": aws_backup(sourceResourceArn=ORDERS.replace("arn:aws:", "arn:aws-cn:")),
}


@pytest.mark.parametrize("event", FOREIGN.values(), ids=FOREIGN.keys())
def test_an_event_that_is_not_this_function_s_is_refused_with_the_reason(event):
    with pytest.raises(
        NotARestoreError, match=r"of another (account|partition|account or Region|account, Region).*\.$"
    ):
        parse(json.dumps(event), OWN)


@given(st.sampled_from(list(EVENTS.values())), st.from_regex(r"[a-zA-Z0-9_.-]{3,255}", fullmatch=True))
def test_any_legal_table_name_is_taken(event, name):
    restore = parse(json.dumps(event(name, name)), OWN)
    assert restore.source == restore.target == arn(name)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_a_table_may_be_named_as_a_part_of_an_arn_is(event):
    for name in ("backup", "table", "backup-backup"):
        restore = parse(json.dumps(event(name)), OWN)
        assert (restore.source, restore.target) == (arn(name), RESTORED)


@pytest.mark.parametrize("event", [point_in_time, backup])
def test_a_failed_call_is_told_by_its_error_code(event):
    with pytest.raises(RestoreRefusedError, match="TableAlreadyExistsException"):
        parse(json.dumps(event(errorCode="TableAlreadyExistsException")), OWN)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED"])
def test_a_failed_job_is_told_by_its_status(status):
    with pytest.raises(RestoreRefusedError, match=status):
        parse(json.dumps(aws_backup(status=status, createdResourceArn=None)), OWN)


REFUSED = {
    "other call": point_in_time(eventName="DeleteTable"),
    "several calls": point_in_time(eventName=["RestoreTableToPointInTime"]),
    "other service": point_in_time(eventSource="s3.amazonaws.com"),
    "no parameters": point_in_time(requestParameters=None),
    "no source": point_in_time(requestParameters={"targetTableName": "orders-restored"}),
    "short target": point_in_time(target="a"),
    "target with a space": point_in_time(target="orders restored"),
    "long target": point_in_time(target="x" * 256),
    "list of targets": point_in_time(target=["orders"]),
    "bucket as source": point_in_time("arn:aws:s3:::bucket"),
    "source with a slash": point_in_time("no/slash"),
    "no account": point_in_time(recipientAccountId="12"),
    "no Region": point_in_time(awsRegion={"no": "Region"}),
    "no backup": from_backup(None),
    "list of backups": from_backup([f"{ORDERS}/backup/{BACKUP_ID}"]),
    "table as backup": from_backup(ORDERS),
    "backup without an ID": from_backup(f"{ORDERS}/backup/"),
    "part of a backup": from_backup(f"{ORDERS}/backup/{BACKUP_ID}/more"),
    "recovery point of AWS Backup": from_backup("arn:aws:backup:eu-west-1:123456789012:recovery-point:6f7fc1f8"),
    "backup without table": from_backup(f"{arn('backup')}/{BACKUP_ID}"),
    "bucket's backup": from_backup("arn:aws:s3:::bucket/backup/1"),
    "backup without target": backup(requestParameters={"backupArn": f"{ORDERS}/backup/{BACKUP_ID}"}),
    "other event of AWS Backup": aws_backup() | {"detail-type": "Backup Job State Change"},
    "other resource": aws_backup(resourceType="RDS"),
    "several resources": aws_backup(resourceType=["DynamoDB"]),
    "job that still runs": aws_backup(status="RUNNING"),
    "several statuses": aws_backup(status=["COMPLETED"]),
    "job without source": aws_backup(sourceResourceArn=None),
    "job with a name as source": aws_backup(sourceResourceArn="orders"),
    "job of a database": aws_backup(createdResourceArn="arn:aws:rds:eu-west-1:123456789012:db:orders"),
    "job with an object as target": aws_backup(createdResourceArn={"no": "ARN"}),
}
NO_EVENTS = ["", "not json", "[" * 100_000, "null", "42", "[]", "{}", '{"detail": null}']


@pytest.mark.parametrize("body", [*NO_EVENTS, *map(json.dumps, REFUSED.values())], ids=[*map(repr, range(8)), *REFUSED])
def test_anything_else_is_refused_without_quoting_it(body):
    with pytest.raises(NotARestoreError) as refusal:
        parse(body, OWN)
    assert "jane" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([ORDERS, "orders", "COMPLETED"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(EVENTS.values())), st.data())
def test_an_event_with_any_fields_changed_is_read_or_refused(event, data):
    changed = event()
    detail = changed["detail"]
    where = data.draw(st.sampled_from([changed, detail, detail.get("requestParameters", detail)]))
    for field in data.draw(st.lists(st.sampled_from(sorted(where)), min_size=1, unique=True)):
        where[field] = data.draw(ANYTHING)
    try:
        restore = parse(json.dumps(changed), OWN)
    except (NotARestoreError, RestoreRefusedError):
        return
    assert is_table_arn(restore.source)
    assert is_table_arn(restore.target)
    assert Location.of(restore.target) == OWN
    assert Location.of(restore.source).partition == OWN.partition
