"""Requests that reach another Region than their bucket's, as S3 answers them and as the SDK follows."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.embedded_aws import EmbeddedAWS

ROLE = "arn:aws:iam::123456789012:role/role"


@pytest.fixture(params=[False, True], ids=["in-process", "server"])
def aws(request):
    with EmbeddedAWS(server=request.param) as embedded:
        yield embedded


def bucket_in(aws, region):
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    aws.client("s3", region).create_bucket(Bucket="records", **location)


def client(aws, region, *, follows=True, role=""):
    """Return a client without retries, of the administrator or of a role, that may not follow to other Regions."""
    variables = aws.credentials(role) if role else aws.environment()
    made = boto3.client(
        "s3",
        region_name=region,
        endpoint_url=aws.endpoint_url,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    if not follows:
        made.meta.events.register_first("needs-retry.s3", lambda **_: False)
    return made


@pytest.mark.parametrize(
    ("home", "region", "code", "status"),
    [
        ("us-west-2", "eu-west-1", "PermanentRedirect", 301),
        ("us-east-1", "eu-west-1", "PermanentRedirect", 301),
        # The client sends what is for us-east-1 to the global endpoint.
        ("us-west-2", "us-east-1", "AuthorizationHeaderMalformed", 400),
        ("eu-south-1", "eu-west-1", "IllegalLocationConstraintException", 400),
        ("us-west-2", "af-south-1", "IllegalLocationConstraintException", 400),
    ],
)
def test_a_request_that_reaches_another_region_is_refused_and_followed(aws, home, region, code, status):
    bucket_in(aws, home)
    if aws.endpoint_url and code == "AuthorizationHeaderMalformed":
        code, status = "PermanentRedirect", 301  # it has no global endpoint
    with pytest.raises(ClientError) as caught:
        client(aws, region, follows=False).put_object(Bucket="records", Key="one", Body=b"1", IfNoneMatch="*")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert [(call.error, call.done) for call in aws.calls_of("PutObject")] == [(code, False)]
    following = client(aws, region)
    following.put_object(Bucket="records", Key="one", Body=b"1", IfNoneMatch="*")
    aws.calls.clear()
    assert following.get_object(Bucket="records", Key="one")["Body"].read() == b"1"
    assert [call.region for call in aws.calls] == [home]


def test_a_request_to_the_buckets_own_region_is_served(aws):
    bucket_in(aws, "eu-west-1")
    aws.client("s3", "eu-west-1").put_object(Bucket="records", Key="one", Body=b"1")
    assert [call.error for call in aws.calls_of("PutObject")] == [None]


@pytest.mark.parametrize("region", ["eu-west-1", "eu-south-1"])
def test_whoever_may_do_nothing_learns_the_region_of_a_bucket(aws, region):
    bucket_in(aws, "eu-south-1")
    aws.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    aws.permissions.enforced = True
    with pytest.raises(ClientError) as caught:
        client(aws, region, follows=False, role=ROLE).head_bucket(Bucket="records")
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-south-1"


def test_a_role_needs_no_permission_to_be_redirected(aws):
    bucket_in(aws, "eu-south-1")
    aws.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    put = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::records/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [put]})
    aws.client("iam").put_role_policy(RoleName="role", PolicyName="policy", PolicyDocument=policy)
    aws.permissions.enforced = True
    client(aws, "eu-west-1", role=ROLE).put_object(Bucket="records", Key="one", Body=b"1")
    assert [call.operation for call in aws.calls if call.done and call.service == "s3"][1:] == ["PutObject"]


def test_where_a_bucket_is_can_be_asked_anywhere(aws):
    bucket_in(aws, "us-west-2")
    answer = client(aws, "us-east-1", follows=False).get_bucket_location(Bucket="records")
    assert answer["LocationConstraint"] == "us-west-2"
