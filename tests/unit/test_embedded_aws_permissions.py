import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.settings import kinesis
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.tables import make_table

ROLE = "arn:aws:iam::123456789012:role/role"
ALARMS = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*"
STREAMS = "arn:aws:kinesis:eu-west-1:123456789012:stream/*"
DESCRIBE = "dynamodb:DescribeKinesisStreamingDestination"
OF_STREAMS = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary"]


@pytest.fixture
def aws():
    with EmbeddedAWS() as embedded:
        embedded.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
        yield embedded


def client(aws, service, *statements):
    """Return a client of a role that has these permissions, each actions and a resource."""
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    aws.client("iam").put_role_policy(RoleName="role", PolicyName="policy", PolicyDocument=policy)
    aws.permissions.enforced = True
    credentials = {name.lower(): value for name, value in aws.credentials(ROLE).items()}
    return boto3.client(service, region_name="eu-west-1", **credentials)


@pytest.mark.parametrize("resource", ["*", ALARMS])
def test_metric_alarms_are_described_under_a_permission_on_alarms(aws, resource):
    allowed = client(aws, "cloudwatch", ("cloudwatch:DescribeAlarms", resource))
    assert allowed.describe_alarms()["MetricAlarms"] == []


def test_a_denial_of_alarms_names_all_of_the_region(aws):
    with pytest.raises(ClientError, match="eu-west-1:123456789012:alarm:\\*") as caught:
        client(aws, "cloudwatch", ("cloudwatch:DescribeAlarms", f"{ALARMS[:-1]}one")).describe_alarms()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_composite_alarms_are_described_under_a_permission_on_everything_only(aws):
    with pytest.raises(ClientError, match="AccessDenied"):
        client(aws, "cloudwatch", ("cloudwatch:DescribeAlarms", ALARMS)).describe_alarms(AlarmTypes=["CompositeAlarm"])
    everything = client(aws, "cloudwatch", ("cloudwatch:DescribeAlarms", "*"))
    assert everything.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


def test_of_a_managed_policy_its_default_version_counts(aws):
    cloudwatch = client(aws, "cloudwatch", ("sqs:ListQueues", "*"))
    iam = aws.client("iam")
    denies, allows = (
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "*", "Resource": "*"}]})
        for effect in ("Deny", "Allow")
    )
    arn = iam.create_policy(PolicyName="managed", PolicyDocument=denies)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allows, SetAsDefault=True)
    iam.attach_role_policy(RoleName="role", PolicyArn=arn)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize("missing", OF_STREAMS)
def test_kinesis_destinations_are_described_with_their_streams(aws, missing):
    make_table(aws, "orders", indexes=())
    kinesis.give(aws, "orders")
    rest = [action for action in OF_STREAMS if action != missing]
    with pytest.raises(ClientError, match=f"{missing} on resource: {STREAMS[:-1]}changes"):
        client(aws, "dynamodb", (DESCRIBE, "*"), (rest, STREAMS)).describe_kinesis_streaming_destination(
            TableName="orders"
        )
    allowed = client(aws, "dynamodb", (DESCRIBE, "*"), (OF_STREAMS, STREAMS))
    (told,) = allowed.describe_kinesis_streaming_destination(TableName="orders")["KinesisDataStreamDestinations"]
    assert told["StreamArn"].endswith("stream/changes")


def test_a_table_without_kinesis_destinations_takes_no_permission_on_streams(aws):
    make_table(aws, "orders", indexes=())
    answer = client(aws, "dynamodb", (DESCRIBE, "*")).describe_kinesis_streaming_destination(TableName="orders")
    assert answer["KinesisDataStreamDestinations"] == []
