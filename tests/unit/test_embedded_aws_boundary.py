import math
import re
import socket
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from tests.support.embedded_aws import BODY_CUT, BODY_RESET, CONNECTION_RESET, READ_TIMEOUT, EmbeddedAWS


@pytest.fixture(params=[False, True], ids=["in-process", "server"])
def either(request):
    with EmbeddedAWS(server=request.param) as embedded:
        yield embedded


ASK = {
    "dynamodb": lambda aws: aws.client("dynamodb").list_tables(),
    "sqs": lambda aws: aws.client("sqs").list_queues(),
    "lambda": lambda aws: aws.client("lambda").list_functions(),
    "application-autoscaling": lambda aws: aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="dynamodb"
    ),
    "iam": lambda aws: aws.client("iam").list_roles(),
    "cloudwatch": lambda aws: aws.client("cloudwatch").describe_alarms(),
}


@pytest.mark.parametrize("service", ASK)
def test_a_fault_is_an_error_of_the_services_own_format(either, service):
    either.faults.add(f"{service}:*", "SomethingException", "No & no", status=418)
    with pytest.raises(ClientError) as caught:
        ASK[service](either)
    assert caught.value.response["Error"]["Code"] == "SomethingException"
    assert caught.value.response["Error"]["Message"] == "No & no"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418
    ASK[service](either)
    assert [call.error for call in either.calls] == ["SomethingException", None]


def test_faults_that_leave_no_answer(either):
    dynamodb = either.client("dynamodb")
    either.faults.add("ListTables", CONNECTION_RESET)
    with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
        dynamodb.list_tables()
    if not either.clock.running:
        either.faults.add("ListTables", READ_TIMEOUT)
        with pytest.raises(ReadTimeoutError):
            dynamodb.list_tables()
    dynamodb.list_tables()


def test_calls_are_recorded_with_region_parameters_and_principal(either):
    either.client("dynamodb", "us-west-2").list_tables(Limit=3)
    either.client("lambda").list_functions(MaxItems=7)
    role = either.credentials("arn:aws:iam::123456789012:role/sync", "one")
    sqs = boto3.client(
        "sqs",
        region_name="eu-central-1",
        endpoint_url=either.endpoint_url,
        aws_access_key_id=role["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=role["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=role["AWS_SESSION_TOKEN"],
    )
    sqs.list_queues(QueueNamePrefix="q")
    one, two, three = either.calls
    assert (one.name, one.region, one.parameters) == ("dynamodb:ListTables", "us-west-2", {"Limit": 3})
    assert (two.name, two.region, two.parameters) == ("lambda:ListFunctions", "eu-west-1", {"MaxItems": 7})
    assert (three.name, three.region, three.parameters) == (
        "sqs:ListQueues",
        "eu-central-1",
        {"QueueNamePrefix": "q"},
    )
    assert one.principal.arn == "arn:aws:sts::123456789012:assumed-role/Admin/jane.doe@example.com"
    assert three.principal.arn == "arn:aws:sts::123456789012:assumed-role/sync/one"


def test_a_crash_before_and_after_a_call(aws):
    sqs = aws.client("sqs")
    aws.faults.before("CreateQueue", crash)
    with pytest.raises(Crash):
        sqs.create_queue(QueueName="q")
    assert "QueueUrls" not in sqs.list_queues()
    aws.faults.after("CreateQueue", crash)
    with pytest.raises(Crash):
        sqs.create_queue(QueueName="q")
    assert len(sqs.list_queues()["QueueUrls"]) == 1
    assert [call.done for call in aws.calls_of("CreateQueue")] == [False, True]


def test_a_crash_ends_the_connection_of_a_caller_elsewhere():
    with EmbeddedAWS(server=True) as server:
        sqs = server.client("sqs")
        server.faults.after("CreateQueue", crash)
        with pytest.raises(ConnectionClosedError):
            sqs.create_queue(QueueName="q")
        assert len(sqs.list_queues()["QueueUrls"]) == 1


def test_an_answer_comes_in_one_piece():
    with EmbeddedAWS(server=True) as server:
        port = urlsplit(server.endpoint_url).port
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET /moto-api/data.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                connection.settimeout(60)
                headers, _, body = connection.recv(2**20).partition(b"\r\n\r\n")
                length = re.search(rb"Content-Length: (\d+)", headers)
                assert len(body) == int(length[1]) > 0


class Crash(BaseException):
    """What nothing may catch."""


def crash(_call):
    raise Crash


def test_an_answer_that_is_lost(either):
    sqs = either.client("sqs")
    either.faults.lose_answer("CreateQueue")
    with pytest.raises((ReadTimeoutError, ConnectionClosedError)):
        sqs.create_queue(QueueName="q")
    assert len(sqs.list_queues()["QueueUrls"]) == 1
    (call,) = either.calls_of("sqs:CreateQueue")
    assert (call.done, call.error) == (True, READ_TIMEOUT)


def test_the_second_try_of_the_sdk_sends_the_same_body(either):
    s3 = boto3.client(
        "s3",
        region_name="eu-west-1",
        endpoint_url=either.endpoint_url,
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106 (nobody looks at it)
        config=Config(retries={"mode": "standard", "total_max_attempts": 2}),
    )
    s3.create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    either.faults.add("PutObject", "SlowDown", status=503)
    s3.put_object(Bucket="records", Key="one", Body=b"1")
    assert s3.get_object(Bucket="records", Key="one")["Body"].read() == b"1"


@pytest.mark.parametrize("kind", [BODY_CUT, BODY_RESET])
def test_a_body_that_ends_in_the_middle(either, kind):
    s3 = either.client("s3")
    s3.create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="records", Key="one", Body=b"0123456789")
    either.faults.add("GetObject", kind)
    answer = s3.get_object(Bucket="records", Key="one")
    assert answer["ContentLength"] == 10
    if kind == BODY_CUT or either.clock.running:
        assert answer["Body"].read(100) == b"01234"
    else:
        with pytest.raises(ResponseStreamingError):
            answer["Body"].read(100)
    assert s3.get_object(Bucket="records", Key="one")["Body"].read(100) == b"0123456789"
    assert [(call.done, call.error) for call in either.calls_of("GetObject")] == [(True, kind), (True, None)]


def test_a_fault_may_choose_and_may_last(aws):
    sqs = aws.client("sqs")
    rule = aws.faults.add(
        "CreateQueue", "OverLimit", times=math.inf, when=lambda call: call.parameters["QueueName"] == "a"
    )
    for _ in range(3):
        with pytest.raises(ClientError, match="OverLimit"):
            sqs.create_queue(QueueName="a")
    sqs.create_queue(QueueName="b")
    assert len(rule.met) == 3


@pytest.mark.parametrize("server", [False, True])
def test_the_clock_rules_moto(server):
    with EmbeddedAWS(server=server) as aws:
        aws.clock.advance(1_000_000)
        aws.client("kinesis").create_stream(StreamName="changes", ShardCount=1)
        stream = aws.client("kinesis").describe_stream_summary(StreamName="changes")["StreamDescriptionSummary"]
        assert stream["StreamCreationTimestamp"].timestamp() == pytest.approx(aws.clock.now(), abs=60)


def test_a_clock_stands_still_until_it_is_moved_and_never_runs_backwards(aws):
    before = aws.clock.now()
    aws.clock.sleep(2.5)
    assert aws.clock.now() == before + 2.5
    with pytest.raises(ValueError, match="backwards"):
        aws.clock.advance(-1)


def test_a_call_that_is_refused_is_not_done(aws):
    with pytest.raises(ClientError):
        aws.client("dynamodb").describe_table(TableName="missing")
    (call,) = aws.calls
    assert (call.error, call.done) == ("ResourceNotFoundException", False)


def test_state_ends_with_the_context():
    with EmbeddedAWS() as first:
        first.client("sqs").create_queue(QueueName="q")
        with pytest.raises(RuntimeError, match="already runs"), EmbeddedAWS():
            pass
    with EmbeddedAWS() as second:
        assert "QueueUrls" not in second.client("sqs").list_queues()
