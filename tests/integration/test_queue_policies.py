"""The queues take messages of the module's own rules, over TLS, and of nobody else."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.terraform import REPOSITORY

# What Terraform makes: a test of tests/terraform sees to it that it is up to date.
RECORDING = REPOSITORY / "tests/terraform/terraform/deployed/tf_resources.json"
EVENT = {"Source": "restores", "DetailType": "Restore", "Detail": "{}"}
QUEUES = ("deployed", "deployed-dlq")


def make_queues(aws):
    """Make the queues with the policies that Terraform gave them; return their URLs by name."""
    queues = json.loads(RECORDING.read_text())["resources"]["aws_sqs_queue"]
    policies = {queue["name"]: queue["policy"] for queue in queues.values()}
    assert sorted(policies) == sorted(QUEUES)
    create = aws.client("sqs").create_queue
    return {name: create(QueueName=name, Attributes={"Policy": policies[name]})["QueueUrl"] for name in QUEUES}


def route(aws, rule, queue):
    """Have a rule put each event into a queue."""
    events = aws.client("events")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [EVENT["Source"]]}))
    arn = f"arn:aws:sqs:eu-west-1:{aws.account}:{queue}"
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[EVENT])
    return len(aws.sqs.messages(arn))


def sqs_of(aws, role_arn):
    role = aws.credentials(role_arn, "one")
    return boto3.client(
        "sqs",
        region_name="eu-west-1",
        aws_access_key_id=role["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=role["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=role["AWS_SESSION_TOKEN"],
    )


@pytest.mark.parametrize("queue", QUEUES)
def test_a_rule_of_the_module_sends(aws, queue):
    make_queues(aws)
    assert route(aws, "deployed-point-in-time", queue) == 1


@pytest.mark.parametrize("queue", QUEUES)
def test_another_rule_of_the_account_does_not(aws, queue):
    make_queues(aws)
    assert route(aws, "somebody-else-s", queue) == 0
    assert len(aws.events.lost) == 1


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("account", ["123456789012", "999999999999"])
def test_another_principal_does_not(aws, queue, account):
    urls = make_queues(aws)
    # A stranger of another account is allowed everything there.
    aws.permissions.enforced = account == aws.account
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    aws.client("iam").create_role(RoleName="stranger", AssumeRolePolicyDocument=document)
    with pytest.raises(ClientError) as refusal:
        sqs_of(aws, f"arn:aws:iam::{account}:role/stranger").send_message(QueueUrl=urls[queue], MessageBody="x")
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize("queue", QUEUES)
def test_nobody_does_without_tls(aws, queue):
    url = make_queues(aws)[queue]
    arn = f"arn:aws:sqs:eu-west-1:{aws.account}:{queue}"
    policy = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    rule = {"aws:SourceArn": f"arn:aws:events:eu-west-1:{aws.account}:rule/deployed-backup"}
    decisions = [
        decision(
            policy,
            AccessRequest(
                "events.amazonaws.com",
                "sqs:SendMessage",
                arn,
                rule | {"aws:SourceAccount": aws.account, "aws:SecureTransport": tls},
            ),
        )
        for tls in ("true", "false")
    ]
    assert decisions == [True, False]
