"""Would a policy lock the function out? Each case is a statement that somebody might have on a table."""

import botocore.session
import pytest

from scripts import permissions
from table_sync.access import depends_on_caller, locks_out

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/copy"
CALLER = "arn:aws:sts::123456789012:assumed-role/table-sync/table-sync"
ROLE = "arn:aws:iam::123456789012:role/table-sync"
OTHER = "arn:aws:iam::123456789012:role/other"


def policy(**statement):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:*", "Resource": TABLE}
    return {"Version": "2012-10-17", "Statement": [{key: value for key, value in (deny | statement).items() if value}]}


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["444455556666", ROLE]}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:role/some/path/table-sync"}},
        {"Principal": {"AWS": CALLER}},
        {"Principal": {"AWS": "123456789012"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Principal": None, "NotPrincipal": {"AWS": OTHER}},
        {"Principal": None, "NotPrincipal": {"AWS": [OTHER, ROLE]}},
        {"Action": "*"},
        {"Action": ["dynamodb:DeleteTable", "DynamoDB:UpdateTable"]},
        {"Action": "dynamodb:Describe*"},
        {"Action": "dynamodb:PutResourcePolicy"},
        {"Action": None, "NotAction": "dynamodb:GetItem"},
        {"Resource": "*"},
        {"Resource": [f"{TABLE}/index/*", TABLE]},
        {"Resource": None, "NotResource": f"{TABLE}/index/*"},
        {"Condition": {"StringNotEquals": {"aws:PrincipalArn": OTHER}}},
        {"Condition": {"ArnNotLike": {"AWS:PrincipalARN": [OTHER]}}},
        {"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalArn": OTHER}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}},
        {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalArn": CALLER}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalAccount": "1234*"}}},
        {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": True}}},
        {"Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}},
        {"Condition": {"Null": {"aws:PrincipalArn": "false"}}},
        {"Condition": {"ForAnyValue:StringNotEquals": {"aws:PrincipalArn": ROLE}}},
    ],
    ids=str,
)
def test_a_statement_that_denies_the_function_s_own_calls_locks_it_out(statement):
    assert locks_out(policy(**statement), CALLER, TABLE) == "number 1"


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": OTHER}},
        {"Principal": {"AWS": "444455556666"}},
        {"Principal": {"Service": "replication.dynamodb.amazonaws.com"}},
        {"Action": ["dynamodb:DeleteTable", "dynamodb:PutItem"]},
        {"Action": None, "NotAction": ["dynamodb:*"]},
        {"Resource": f"{TABLE}/index/*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalArn": ROLE}}},
        {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/table-*"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalAccount": ["123456789012"]}}},
        {"Condition": {"StringNotLike": {"aws:PrincipalAccount": "1234*"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:root"}}},
        {
            "Condition": {
                "StringNotEquals": {"aws:SourceVpce": "vpce-1"},
                "ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/path/table-sync"},
            }
        },
    ],
    ids=str,
)
def test_a_statement_that_denies_others_or_other_calls_does_not(statement):
    assert locks_out(policy(**statement), CALLER, TABLE) == ""


def test_the_function_s_own_calls_are_those_that_it_is_granted_of_dynamodb():
    granted = {action for actions in permissions.actions().values() for action in actions}
    operations = botocore.session.get_session().get_service_model("dynamodb").operation_names
    own = {action for name in operations if locks_out(policy(Action=(action := f"dynamodb:{name}")), CALLER, TABLE)}
    # A backup has no resource policy, and a table's does not apply to it (developer guide, Resource-based policies).
    granted.remove("dynamodb:DescribeBackup")
    assert own == {action for action in granted if action.startswith("dynamodb:")}


def test_the_statement_is_named_by_its_sid():
    assert locks_out(policy(Sid="NoChanges"), CALLER, TABLE) == "NoChanges"
    assert locks_out({"Statement": policy(Sid="Alone")["Statement"][0]}, CALLER, TABLE) == "Alone"


@pytest.mark.parametrize(
    ("statement", "depends"),
    [
        ({}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ({"Effect": "Allow", "Principal": {"AWS": ROLE}}, False),
        ({"Principal": {"AWS": ROLE}}, True),
        ({"Principal": None, "NotPrincipal": {"AWS": ROLE}}, False),
        ({"Condition": {"ArnNotLike": {"aws:PrincipalArn": ROLE}}}, True),
    ],
    ids=str,
)
def test_who_calls_is_asked_only_where_it_matters(statement, depends):
    assert depends_on_caller(policy(**statement)) is depends
    if not depends:
        assert locks_out(policy(**statement), "", TABLE) == locks_out(policy(**statement), CALLER, TABLE)
