"""A bucket's policy on the embedded AWS: a Deny holds only where its conditions do."""

import json

import pytest
from botocore.exceptions import ClientError


def put_deny(aws, **condition):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::records/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement | condition]}
    s3.put_bucket_policy(Bucket="records", Policy=json.dumps(policy))
    return s3


def test_a_deny_of_requests_without_tls_denies_none(aws):
    s3 = put_deny(aws, Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_object(Bucket="records", Key="orders.json", Body=b"{}")
    assert s3.get_object(Bucket="records", Key="orders.json")["Body"].read() == b"{}"


def test_a_deny_without_a_condition_denies_all(aws):
    s3 = put_deny(aws)
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="records", Key="orders.json", Body=b"{}")
