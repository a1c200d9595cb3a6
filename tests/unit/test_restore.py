import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import is_table_arn
from table_sync.restore import NotARestoreError, Restore, RestoreRefusedError, parse

ORDERS = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
BACKUP = f"{ORDERS}/backup/01489602797149-73d8d5bc"


def event(*, region="eu-west-1", source=None, target="orders-restored", **detail):
    return {
        "source": "aws.dynamodb",
        "detail-type": "AWS API Call via CloudTrail",
        "account": "123456789012",
        "region": region,
        "detail": {
            "eventSource": "dynamodb.amazonaws.com",
            "eventName": "RestoreTableToPointInTime",
            "awsRegion": region,
            "recipientAccountId": "123456789012",
            "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/Admin/jane"},
            "requestParameters": {**(source or {"sourceTableName": "orders"}), "targetTableName": target},
            "responseElements": None,
            **detail,
        },
    }


def backup_event(**parameters):
    requested = {"backupArn": BACKUP, "targetTableName": "orders-restored"} | parameters
    return event(eventName="RestoreTableFromBackup", requestParameters=requested)


def job_event(**detail):
    """The event that AWS Backup's developer guide gives as an example, of a table instead of a database."""
    return {
        "version": "0",
        "id": "ab32977c-378d-2122-e985-fgh4596f0709",
        "detail-type": "Restore Job State Change",
        "source": "aws.backup",
        "account": "123456789012",
        "time": "2026-07-15T03:14:58Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:backup:eu-west-1:123456789012:recovery-point:6f7fc1f8-2f2e-40ac-943b-8f8efa9ba99d"],
        "detail": {
            "restoreJobId": "AB123456-78C9-0123-456D-789012E34567",
            "backupVaultArn": "arn:aws:backup:eu-west-1:123456789012:backup-vault:jane",
            "recoveryPointArn": "arn:aws:backup:eu-west-1:123456789012:recovery-point:6f7fc1f8",
            "sourceResourceArn": ORDERS,
            "backupSizeInBytes": "0",
            "creationDate": "2026-07-15T03:10:01.742Z",
            "iamRoleArn": "arn:aws:iam::123456789012:role/jane",
            "percentDone": 0,
            "resourceType": "DynamoDB",
            "status": "COMPLETED",
            "createdResourceArn": f"{ORDERS}-restored",
            "completionDate": "2026-07-15T03:14:53.128Z",
            **detail,
        },
    }


EVENTS = {"point_in_time": event, "backup": backup_event, "aws_backup": job_event}


@pytest.mark.parametrize("made", EVENTS.values(), ids=EVENTS.keys())
def test_each_kind_of_restore_is_read(made):
    assert parse(json.dumps(made())) == Restore(source=ORDERS, target=f"{ORDERS}-restored")


@pytest.mark.parametrize(
    ("source", "arn"),
    [
        ({"sourceTableName": "orders"}, ORDERS),
        ({"sourceTableArn": ORDERS}, ORDERS),
        ({"sourceTableArn": ORDERS.replace("eu-west-1", "us-east-2")}, ORDERS.replace("eu-west-1", "us-east-2")),
    ],
)
def test_the_source_is_given_by_name_or_arn(source, arn):
    restored = f"{ORDERS}-restored"
    assert parse(json.dumps(event(source=source))) == Restore(source=arn, target=restored)


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("ap-southeast-2", "aws")]
)
def test_the_partition_follows_the_region(region, partition):
    restore = parse(json.dumps(event(region=region)))
    assert restore.target == f"arn:{partition}:dynamodb:{region}:123456789012:table/orders-restored"


@given(st.from_regex(r"[a-zA-Z0-9_.-]{3,255}", fullmatch=True))
def test_any_legal_table_name_is_taken(name):
    restore = parse(json.dumps(event(source={"sourceTableName": name}, target=name)))
    assert restore.source == restore.target == ORDERS.replace("orders", name)


@pytest.mark.parametrize("name", ["RestoreTableToPointInTime", "RestoreTableFromBackup"])
def test_a_failed_call_is_told_by_its_error_code(name):
    with pytest.raises(RestoreRefusedError, match="TableAlreadyExistsException"):
        parse(json.dumps(event(eventName=name, errorCode="TableAlreadyExistsException")))


@pytest.mark.parametrize("status", ["FAILED", "ABORTED"])
def test_a_failed_job_is_told_by_its_status(status):
    with pytest.raises(RestoreRefusedError, match=status):
        parse(json.dumps(job_event(status=status, createdResourceArn=None)))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[" * 100_000,
        "null",
        "42",
        "[]",
        "{}",
        '{"detail": null}',
        json.dumps(event(eventName="DeleteTable")),
        json.dumps(event(eventSource="s3.amazonaws.com")),
        json.dumps(event(requestParameters=None)),
        json.dumps(event(requestParameters={"targetTableName": "orders-restored"})),
        json.dumps(event(target="a")),
        json.dumps(event(target="orders restored")),
        json.dumps(event(target="x" * 256)),
        json.dumps(event(target=["orders"])),
        json.dumps(event(source={"sourceTableArn": "arn:aws:s3:::bucket"})),
        json.dumps(event(source={"sourceTableName": "no/slash"})),
        json.dumps(event(recipientAccountId="12")),
        json.dumps(event(awsRegion={"no": "Region"})),
        json.dumps(event(eventName=["RestoreTableToPointInTime"])),
        json.dumps(backup_event(backupArn=None)),
        json.dumps(backup_event(backupArn=[BACKUP])),
        json.dumps(backup_event(backupArn=ORDERS)),
        json.dumps(backup_event(backupArn="arn:aws:backup:eu-west-1:123456789012:recovery-point:6f7fc1f8")),
        json.dumps(backup_event(backupArn="arn:aws:s3:::bucket/backup/1")),
        json.dumps(backup_event(targetTableName=None)),
        json.dumps(job_event() | {"detail-type": "Backup Job State Change"}),
        json.dumps(job_event(resourceType="RDS")),
        json.dumps(job_event(status="RUNNING")),
        json.dumps(job_event(status=["COMPLETED"])),
        json.dumps(job_event(sourceResourceArn=None)),
        json.dumps(job_event(sourceResourceArn="orders")),
        json.dumps(job_event(createdResourceArn="arn:aws:rds:eu-west-1:123456789012:db:orders")),
        json.dumps(job_event(createdResourceArn={"no": "ARN"})),
    ],
    ids=lambda body: body[:40] or "empty",
)
def test_anything_else_is_refused_without_quoting_it(body):
    with pytest.raises(NotARestoreError) as refusal:
        parse(body)
    assert "jane" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([ORDERS, BACKUP, "orders", "COMPLETED"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(EVENTS.values())), st.data())
def test_an_event_with_any_fields_changed_is_read_or_refused(made, data):
    changed = made()
    detail = changed["detail"]
    where = data.draw(st.sampled_from([changed, detail, detail.get("requestParameters", detail)]))
    for field in data.draw(st.lists(st.sampled_from(sorted(where)), min_size=1, unique=True)):
        where[field] = data.draw(ANYTHING)
    try:
        restore = parse(json.dumps(changed))
    except (NotARestoreError, RestoreRefusedError):
        return
    assert is_table_arn(restore.source)
    assert is_table_arn(restore.target)
