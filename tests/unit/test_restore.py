import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.restore import NotARestoreError, Restore, RestoreRefusedError, parse

ORDERS = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


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


def test_a_failed_call_is_told_by_its_error_code():
    with pytest.raises(RestoreRefusedError, match="TableAlreadyExistsException"):
        parse(json.dumps(event(errorCode="TableAlreadyExistsException")))


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
    ],
    ids=lambda body: body[:40] or "empty",
)
def test_anything_else_is_refused_without_quoting_it(body):
    with pytest.raises(NotARestoreError) as refusal:
        parse(body)
    assert "jane" not in str(refusal.value)
    assert str(refusal.value).endswith(".")
