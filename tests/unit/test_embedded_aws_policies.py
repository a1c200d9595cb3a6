import pytest

from tests.support.embedded_aws.policies import AccessRequest, decision

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:work"
ROLE = "arn:aws:sts::123456789012:assumed-role/sync/session"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/restores"


def statement(**parts):
    return {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": QUEUE} | parts


def decide(*statements, principal=ROLE, action="sqs:SendMessage", **context):
    request = AccessRequest(principal, action, QUEUE, {name.replace("_", ":"): text for name, text in context.items()})
    return decision({"Statement": list(statements)}, request)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, True),
        ({"Effect": "Deny"}, False),
        ({"Action": "sqs:*"}, True),
        ({"Action": ["sqs:ReceiveMessage", "SQS:sendmessage"]}, True),
        ({"Action": "sqs:ReceiveMessage"}, None),
        ({"NotAction": "sqs:SendMessage", "Action": "*"}, True),
        ({"Resource": "arn:aws:sqs:*:123456789012:w?rk"}, True),
        ({"Resource": "arn:aws:sqs:*:123456789012:other"}, None),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:role/path/sync"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:role/other"}}, None),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, True),
        ({"Principal": {"AWS": ["999999999999", "123456789012"]}}, True),
        ({"Principal": {"AWS": ROLE}}, True),
        ({"Principal": {"Service": "events.amazonaws.com"}}, None),
        ({"Condition": {"StringEquals": {"aws:PrincipalTag": ["a", "b"]}}}, None),
        ({"Condition": {"Bool": {"AWS:SecureTransport": "true"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, None),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}}, True),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": RULE}}}, True),
        ({"Condition": {"ArnNotEquals": {"aws:SourceArn": RULE}}}, None),
        ({"Condition": {"StringNotEquals": {"aws:Missing": "x"}}}, True),
        ({"Condition": {"StringEqualsIfExists": {"aws:Missing": "x"}}}, True),
        ({"Condition": {"Null": {"aws:Missing": "true"}}}, True),
        ({"Condition": {"Null": {"aws:SourceArn": "true"}}}, None),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"aws:SourceArn": "x"}}}, None),
    ],
)
def test_a_statement(parts, expected):
    given = statement(**parts)
    if "NotAction" in parts:
        del given["Action"]
        assert decide(given, action="sqs:ReceiveMessage") is expected
        return
    assert decide(given, aws_SourceArn=RULE, aws_SecureTransport="true") is expected


def test_a_denial_wins():
    assert decide(statement(), statement(Effect="Deny")) is False


def test_nothing_said():
    assert decision(None, AccessRequest(ROLE, "sqs:SendMessage", QUEUE)) is None


def test_an_unknown_operator_is_not_passed_over():
    with pytest.raises(NotImplementedError, match="IpAddress"):
        decide(statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), aws_SourceIp="10.0.0.1")
