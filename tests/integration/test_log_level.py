"""What the log has at each level, with the packages and the runtime client as Lambda runs them."""

import json

import pytest

from tests.support.deployment import deploy_queued_function
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.lambda_service import LambdaService
from tests.support.terraform import REPOSITORY

DIST = REPOSITORY / "lambda_src/dist"
# As main.tf has it.
LOGGING = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
CALLER = "jane.doe@example.com"
GONE = {
    "account": "123456789012",
    "region": "eu-west-1",
    "time": "2026-11-01T08:00:00Z",
    "source": "aws.dynamodb",
    "detail-type": "AWS API Call via CloudTrail",
    "detail": {
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "RestoreTableToPointInTime",
        "awsRegion": "eu-west-1",
        "recipientAccountId": "123456789012",
        "userIdentity": {"principalId": CALLER},
        "requestParameters": {"sourceTableName": "orders", "targetTableName": "orders-restored"},
    },
}


@pytest.fixture(scope="module")
def service():
    with EmbeddedAWS(server=True) as aws, LambdaService(aws) as started:
        yield started


@pytest.mark.parametrize(("log_level", "levels"), [("DEBUG", {"INFO", "ERROR"}), ("WARN", {"ERROR"})])
def test_failures_and_metrics_are_there_and_no_secrets(service, log_level, levels):
    deployed = deploy_queued_function(
        service.aws,
        f"sync-{log_level.lower()}",
        (DIST / "function.zip").read_bytes(),
        handler="table_sync.handler.lambda_handler",
        layers=[(DIST / "layer.zip").read_bytes()],
        variables={"LOG_LEVEL": log_level, "MAX_ATTEMPTS": "2"},
        queue_attributes={"VisibilityTimeout": "720"},
        Timeout=120,
        LoggingConfig=LOGGING,
    )
    for body in (json.dumps(GONE), CALLER):
        service.aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody=body)
    invocations = service.run_until_idle(max_seconds=600)
    lines = [json.loads(line) for invocation in invocations for line in invocation.log_lines]
    assert {line["level"] for line in lines if "level" in line} == levels
    assert [line["outcome"] for line in lines if line.get("outcome") == "failed"] == ["failed"]
    assert [line["Failed"] for line in lines if "Failed" in line] == [[1.0]]
    text = "\n".join(map(json.dumps, lines))
    for secret in (CALLER, "userIdentity", "Authorization", "AWS4-HMAC", "security-token"):
        assert secret not in text
