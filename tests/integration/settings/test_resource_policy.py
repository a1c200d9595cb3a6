"""Resource policies, from the restore to the report."""

import json
import math

import pytest

from tests.settings import resource_policy
from tests.support.pipeline import sync
from tests.support.tables import make_source, make_table, restore, restore_and_wait, settings_of


def put_policy(aws, arn, **statement):
    allow = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "dynamodb:Query", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [allow | statement]}
    aws.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    aws.clock.advance(5)


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": "*", "Action": "dynamodb:*"},
        {"Principal": {"AWS": "123456789012"}, "Action": "dynamodb:Update*"},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:role/table-sync"}, "Action": "dynamodb:TagResource"},
    ],
    ids=str,
)
def test_a_policy_that_would_lock_the_function_out_is_refused_and_all_else_comes_back(aws, pipeline, statement):
    arn = make_source(aws)
    put_policy(aws, arn, Sid="Lock", Effect="Deny", **statement)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"].startswith(
        "resource_policy: statement Lock of the policy would lock this function out of "
    )
    expected, actual = settings_of(aws, "orders"), settings_of(aws, "orders-restored")
    assert {name for name in expected if expected[name] != actual[name]} == {"resource_policy"}
    assert "Lock" not in json.dumps(actual["resource_policy"])


def test_a_policy_that_spares_the_function_is_attached(aws, pipeline):
    arn = make_table(aws, "orders", indexes=())
    role = pipeline.function.role_arn
    spared = {"ArnNotEquals": {"aws:PrincipalArn": [role, "arn:aws:iam::123456789012:role/admin"]}}
    put_policy(aws, arn, Effect="Deny", Principal="*", Action="dynamodb:*", Condition=spared)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_policy_of_another_region_is_rewritten_to_the_target_s(aws, pipeline):
    arn = make_table(aws, "orders", region="us-east-1", indexes=(), stream_view_type="KEYS_ONLY")
    resource_policy.give(aws, "orders", "us-east-1")
    restore(aws, arn, "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored", source_region="us-east-1")


def test_a_policy_that_aws_keeps_in_another_form_is_written_once(aws, pipeline):
    arn = make_table(aws, "orders")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["444455556666", "arn:aws:iam::444455556666:root"]},
        "Action": ["dynamodb:Query"],
        "Resource": [arn],
    }
    policy = json.dumps({"Statement": statement, "Version": "2012-10-17"}, indent=2)
    aws.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=policy)
    aws.clock.advance(60)
    restore_and_wait(aws)
    assert sync(pipeline)["settings"]["resource_policy"]["status"] == "applied"
    aws.clock.advance(60)
    assert sync(pipeline)["settings"]["resource_policy"] == {"status": "unchanged", "reason": "", "changes": []}
    assert pipeline.writes().count("dynamodb:PutResourcePolicy") == 1
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize("seconds", [0, 5, 10])
def test_a_policy_is_put_again_while_aws_takes_no_other(aws, pipeline, seconds):
    make_source(aws)
    restore_and_wait(aws)
    target = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["TableArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "dynamodb:Scan",
        "Resource": target,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("dynamodb").put_resource_policy(ResourceArn=target, Policy=json.dumps(policy))
    aws.clock.advance(seconds)
    assert sync(pipeline)["outcome"] in {"in_sync", "waiting"}
    aws.clock.advance(60)
    sync(pipeline)
    aws.clock.advance(60)
    pipeline.assert_in_sync("orders", "orders-restored")


def test_a_policy_that_somebody_changes_meanwhile_is_read_again_before_it_is_replaced(aws, pipeline):
    put_policy(aws, make_table(aws, "orders", indexes=()), Sid="Wanted")
    restore_and_wait(aws)
    target = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["TableArn"]
    aws.faults.before("PutResourcePolicy", lambda _: put_policy(aws, target, Sid="Meanwhile"))
    pipeline.run()
    puts = [call for call in pipeline.calls() if call.operation == "PutResourcePolicy"]
    # AWS takes no other policy within 15 s of the last one.
    refused, last = [call.error for call in puts[:-1]], puts[-1]
    assert refused == ["PolicyNotFoundException", *["ResourceInUseException"] * (len(refused) - 1)]
    assert last.error is None
    assert last.parameters["ExpectedRevisionId"] != puts[0].parameters["ExpectedRevisionId"] == "NO_POLICY"
    pipeline.assert_in_sync("orders", "orders-restored")


def test_the_read_permissions_of_a_policy_are_named_when_they_are_missing(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.faults.add("GetResourcePolicy", "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    (message,) = pipeline.quarantined
    assert message["reason"] == "resource_policy: GetResourcePolicy: AccessDeniedException: not authorized"
