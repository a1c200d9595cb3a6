"""Two accounts of one embedded AWS: apart, but for what a bucket's policy allows."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.tables import make_table, restore, wait_until_active

OTHER = "999999999999"
REGION = "eu-west-1"


@pytest.fixture(params=[False, True], ids=["in-process", "server"])
def either(request):
    with EmbeddedAWS(server=request.param) as embedded:
        yield embedded


def of_role(aws, service, role_arn):
    """Return a client with the credentials that AssumeRole gives."""
    assumed = aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="session")["Credentials"]
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=aws.endpoint_url,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )


def test_who_assumes_a_role_acts_in_its_account(either):
    either.permissions.enforced = True
    sts = of_role(either, "sts", f"arn:aws:iam::{OTHER}:role/Admin")
    identity = sts.get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/Admin/session")
    queue = of_role(either, "sqs", f"arn:aws:iam::{OTHER}:role/Admin").create_queue(QueueName="restores")["QueueUrl"]
    assert queue.endswith(f"/{OTHER}/restores")
    alarm = {"Namespace": "AWS/SQS", "MetricName": "m", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    of_role(either, "cloudwatch", f"arn:aws:iam::{OTHER}:role/Admin").put_metric_alarm(
        AlarmName="full", ComparisonOperator="GreaterThanThreshold", Statistic="Sum", **alarm
    )
    assert "QueueUrls" not in either.client("sqs").list_queues()
    assert either.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    with either.in_account(OTHER):
        assert either.client("sqs").list_queues()["QueueUrls"] == [queue]
        (found,) = either.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert f":{OTHER}:alarm:full" in found["AlarmArn"]


def test_tables_of_two_accounts_live_and_end_apart(aws):
    aws.restore_seconds = 10
    make_table(aws, "orders")
    with aws.in_account(OTHER):
        assert f":{OTHER}:" in make_table(aws, "orders")
        aws.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId="table/orders",
            ScalableDimension="dynamodb:table:ReadCapacityUnits",
            MinCapacity=1,
            MaxCapacity=9,
        )
        restore(aws, "orders", "orders-restored")
        aws.client("dynamodb").delete_table(TableName="orders")
    aws.clock.advance(3600)
    # What is due in one account is done on a call of the other too.
    assert aws.client("dynamodb").list_tables()["TableNames"] == ["orders"]
    found = aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")
    assert found["ScalableTargets"] == []
    with aws.in_account(OTHER):
        wait_until_active(aws, "orders-restored")
        assert aws.client("dynamodb").list_tables()["TableNames"] == ["orders-restored"]


ALLOWED = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/recorder"}}


@pytest.fixture
def shared(either):
    """Make a bucket of the other account, whose policy lets the recorder into one folder; return its clients."""
    with either.in_account(OTHER):
        owners = either.client("s3")
        owners.create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": REGION})
        objects = {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::records/settings/*"}
        listing = {
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::records",
            "Condition": {"StringLike": {"s3:prefix": "settings/*"}},
        }
        policy = {"Version": "2012-10-17", "Statement": [ALLOWED | objects, ALLOWED | listing]}
        owners.put_bucket_policy(Bucket="records", Policy=json.dumps(policy))
    return owners, of_role(either, "s3", "arn:aws:iam::123456789012:role/recorder"), either.client("s3")


def test_another_account_may_do_what_the_buckets_policy_allows_and_nothing_else(shared):
    owners, recorders, strangers = shared
    recorders.put_object(Bucket="records", Key="settings/orders.json", Body=b"{}")
    assert owners.get_object(Bucket="records", Key="settings/orders.json")["Body"].read() == b"{}"
    assert recorders.list_objects_v2(Bucket="records", Prefix="settings/")["KeyCount"] == 1
    refused = [
        lambda: recorders.put_object(Bucket="records", Key="restores/orders.json", Body=b"{}"),
        lambda: recorders.list_objects_v2(Bucket="records"),
        lambda: recorders.list_object_versions(Bucket="records", Prefix="settings/"),
        lambda: recorders.delete_object(Bucket="records", Key="settings/orders.json"),
        lambda: recorders.get_object(Bucket="records", Key="settings/missing.json"),
        lambda: strangers.get_object(Bucket="records", Key="settings/orders.json"),
        lambda: strangers.put_bucket_policy(Bucket="records", Policy="{}"),
    ]
    for call in refused:
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] == "AccessDenied"
