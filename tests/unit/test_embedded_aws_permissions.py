import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.settings import kinesis
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.recorder import encrypt
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


KEY, OLDER_KEY = (f"arn:aws:kms:eu-west-1:123456789012:key/{name}" for name in ("0ec5", "01d0"))
RECORD = "settings/orders.json"
OBJECTS = "arn:aws:s3:::records/settings/*"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:restores"


@pytest.fixture
def bucket(aws):
    """Make a versioned bucket with an object and one that is deleted; return the object's version."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="records", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="records", Key="settings/deleted.json", Body=b"{}")
    s3.delete_object(Bucket="records", Key="settings/deleted.json")
    return s3.put_object(Bucket="records", Key=RECORD, Body=b"{}")["VersionId"]


def code_of(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_a_version_is_read_under_a_permission_of_its_own_alone(aws, bucket):
    versions = client(aws, "s3", ("s3:GetObjectVersion", OBJECTS))
    assert versions.get_object(Bucket="records", Key=RECORD, VersionId=bucket)["VersionId"] == bucket
    assert code_of(versions.get_object, Bucket="records", Key=RECORD) == "AccessDenied"
    newest = client(aws, "s3", ("s3:GetObject", OBJECTS))
    assert code_of(newest.get_object, Bucket="records", Key=RECORD, VersionId=bucket) == "AccessDenied"


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ({"Key": "settings/missing.json"}, "NoSuchKey"),
        ({"Key": "settings/deleted.json"}, "NoSuchKey"),
        ({"Key": RECORD, "VersionId": "missing"}, "NoSuchVersion"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_what_is_not_there_is_denied_to_who_may_not_list_the_bucket(aws, missing, code):
    reading = (["s3:GetObject", "s3:GetObjectVersion"], OBJECTS)
    assert code_of(client(aws, "s3", reading).get_object, Bucket="records", **missing) == "AccessDenied"
    listing = ("s3:ListBucket", "arn:aws:s3:::records")
    assert code_of(client(aws, "s3", reading, listing).get_object, Bucket="records", **missing) == code


def test_versions_are_listed_under_a_permission_of_their_own(aws, bucket):
    listing = {"Bucket": "records", "Prefix": RECORD}
    objects = client(aws, "s3", ("s3:ListBucket", "arn:aws:s3:::records"))
    assert code_of(objects.list_object_versions, **listing) == "AccessDenied"
    (version,) = client(aws, "s3", ("s3:ListBucketVersions", "arn:aws:s3:::records")).list_object_versions(**listing)[
        "Versions"
    ]
    assert version["VersionId"] == bucket


@pytest.mark.usefixtures("bucket")
def test_an_encrypted_object_takes_the_use_of_its_key(aws):
    encrypt(aws, KEY, "records")
    everything = (["s3:GetObject", "s3:PutObject"], OBJECTS)
    written = {"Bucket": "records", "Key": RECORD, "Body": b"{}"}
    assert code_of(client(aws, "s3", everything, ("kms:Decrypt", KEY)).put_object, **written) == "AccessDenied"
    client(aws, "s3", everything, ("kms:GenerateDataKey", KEY)).put_object(**written)
    encrypt(aws, OLDER_KEY, "records")
    # An object keeps its key.
    for key, allowed in ((OLDER_KEY, False), (KEY, True)):
        s3 = client(aws, "s3", everything, ("kms:Decrypt", key))
        if allowed:
            assert s3.get_object(Bucket="records", Key=RECORD)["Body"].read() == b"{}"
        else:
            assert code_of(s3.get_object, Bucket="records", Key=RECORD) == "AccessDenied"


@pytest.mark.parametrize("missing", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_sending_to_an_encrypted_queue_takes_both_uses_of_its_key(aws, missing):
    url = aws.client("sqs").create_queue(QueueName="restores", Attributes={"KmsMasterKeyId": KEY})["QueueUrl"]
    uses = ["kms:Decrypt", "kms:GenerateDataKey"]
    rest = [action for action in uses if action != missing]
    denied = client(aws, "sqs", ("sqs:SendMessage", QUEUE), (rest, KEY))
    assert code_of(denied.send_message, QueueUrl=url, MessageBody="x") == "KmsAccessDenied"
    client(aws, "sqs", ("sqs:SendMessage", QUEUE), (uses, KEY)).send_message(QueueUrl=url, MessageBody="x")


def test_a_message_is_received_with_the_key_with_which_it_was_sent(aws):
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="restores", Attributes={"KmsMasterKeyId": OLDER_KEY})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": KEY})
    receiving = ("sqs:ReceiveMessage", QUEUE)
    denied = client(aws, "sqs", receiving, ("kms:Decrypt", KEY))
    assert code_of(denied.receive_message, QueueUrl=url) == "KmsAccessDenied"
    assert client(aws, "sqs", receiving, ("kms:Decrypt", OLDER_KEY)).receive_message(QueueUrl=url)["Messages"]


def test_insights_of_all_tables_are_listed_under_a_permission_on_everything_only(aws):
    for resource in ("*", "arn:aws:dynamodb:eu-west-1:123456789012:table/*"):
        dynamodb = client(aws, "dynamodb", ("dynamodb:ListContributorInsights", resource))
        if resource == "*":
            assert dynamodb.list_contributor_insights()["ContributorInsightsSummaries"] == []
        else:
            assert code_of(dynamodb.list_contributor_insights) == "AccessDeniedException"
