"""plan() and parse() of the resource policies of a table and its stream."""

import json

import pytest

from table_sync.aws import Table
from table_sync.settings import resource_policy
from table_sync.settings.api_shape import InvalidValueError
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import TABLE, changes, described, statuses

SOURCE = TABLE
TARGET = "arn:aws:dynamodb:eu-central-1:123456789012:table/copy"
STREAM = "/stream/2026-01-01T00:00:00.000"


def document(resource=SOURCE, **more):
    statement = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "dynamodb:Query", **more}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Resource": resource}]}


def policies(of_table=None, of_stream=None, *, arn=SOURCE, stream=True, caller=""):
    return resource_policy.Policies(
        arn,
        arn + STREAM if stream else None,
        resource_policy.Policy(of_table, "revision-1") if of_table else resource_policy.Policy(),
        resource_policy.Policy(of_stream, "revision-2") if of_stream else resource_policy.Policy(),
        caller,
    )


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        (SOURCE, TARGET),
        (f"{SOURCE}/index/*", f"{TARGET}/index/*"),
        (f"{SOURCE}*", f"{TARGET}*"),
        (f"{SOURCE}{STREAM}", f"{TARGET}/stream/newer"),
        (f"{SOURCE}/stream/*", f"{TARGET}/stream/*"),
        ("arn:aws:dynamodb:*:*:table/orders", "arn:aws:dynamodb:*:*:table/copy"),
        (SOURCE.replace("arn:aws:", "arn:*:"), TARGET.replace("arn:aws:", "arn:*:")),
        (f"{SOURCE}-archive", f"{SOURCE}-archive"),
        (f"{SOURCE}.old/index/x", f"{SOURCE}.old/index/x"),
        (
            "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
            "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
        ),
        ("arn:aws:s3:::orders", "arn:aws:s3:::orders"),
        ("*", "*"),
    ],
)
def test_only_the_source_s_own_arns_are_rewritten_wherever_they_are(text, rewritten):
    source = policies(document([text], Condition={"ArnLike": {"aws:SourceArn": text}}))
    target = resource_policy.Policies(TARGET, f"{TARGET}/stream/newer")
    (change,) = resource_policy.plan(source, target)
    assert json.loads(change.parameters["Policy"]) == document(
        [rewritten], Condition={"ArnLike": {"aws:SourceArn": rewritten}}
    )


def test_a_policy_is_attached_only_where_there_is_none_or_still_the_one_that_was_read():
    source = policies(document())
    (first,) = resource_policy.plan(source, policies(arn=TARGET))
    assert first.parameters["ExpectedRevisionId"] == "NO_POLICY"
    (over,) = resource_policy.plan(source, policies(document(TARGET, Sid="other"), arn=TARGET))
    assert over.parameters["ExpectedRevisionId"] == "revision-1"
    assert resource_policy.plan(source, policies(document(TARGET), arn=TARGET)) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"Action": ["dynamodb:Query"]}, {"Action": "dynamodb:Query"}),
        ({"Principal": {"AWS": "444455556666"}}, {"Principal": {"AWS": "arn:aws:iam::444455556666:root"}}),
        (
            {"Principal": {"AWS": ["444455556666", "arn:aws:iam::444455556666:root"]}},
            {"Principal": {"AWS": "arn:aws:iam::444455556666:root"}},
        ),
        # Two ARNs that become one.
        ({"Resource": [SOURCE, TARGET]}, {"Resource": TARGET}),
    ],
)
def test_a_policy_is_compared_as_aws_keeps_it(sent, kept):
    target = policies(document(TARGET, **kept), arn=TARGET)
    assert resource_policy.plan(policies(document(**sent)), target) == []
    lone = document(**sent)
    lone["Statement"] = lone["Statement"][0]
    assert resource_policy.plan(policies(lone), target) == []


def test_a_statement_that_is_there_twice_counts_once():
    twice = document(TARGET)
    twice["Statement"] *= 2
    assert resource_policy.plan(policies(document()), policies(twice, arn=TARGET)) == []


@pytest.mark.parametrize(
    "other", [{"Action": ["dynamodb:Query", "dynamodb:Scan"]}, {"Principal": {"AWS": "777788889999"}}, {"Sid": "x"}]
)
def test_a_policy_that_says_something_else_is_replaced(other):
    assert (
        len(changes(resource_policy.plan(policies(document()), policies(document(TARGET, **other), arn=TARGET)))) == 1
    )


def test_a_stream_s_policy_goes_to_the_target_s_stream_when_there_is_one():
    source = policies(of_stream=document(SOURCE + STREAM))
    (change,) = resource_policy.plan(source, policies(arn=TARGET))
    assert change.parameters["ResourceArn"] == TARGET + STREAM
    assert json.loads(change.parameters["Policy"]) == document(TARGET + STREAM)
    (waiting,) = resource_policy.plan(source, policies(arn=TARGET, stream=False))
    assert waiting.awaits
    assert (change.subject, waiting.subject) == ("policy of the stream", "policy of the stream")


@pytest.mark.parametrize(
    ("element", "value"),
    [
        *((name, 1) for name in ("Effect", "Action", "NotAction", "Resource", "NotResource")),
        ("Action", ["dynamodb:GetItem", 1]),
        *((name, value) for name in ("Principal", "NotPrincipal") for value in (1, {"AWS": [1]})),
        ("Condition", "text"),
        ("Condition", {"Bool": "text"}),
    ],
)
def test_a_statement_whose_element_is_of_another_type_is_no_policy(element, value):
    entry = {"ResourceArn": SOURCE, "Policy": json.dumps({"Statement": {element: value}}), "RevisionId": "1"}
    with pytest.raises(InvalidValueError, match="not the JSON of a policy"):
        resource_policy.parse({"ResourcePolicies": [entry]}, Table(SOURCE, {}))


def test_a_policy_that_would_lock_the_function_out_is_refused_and_the_other_attached():
    caller = "arn:aws:sts::123456789012:assumed-role/table-sync/table-sync"
    lock = document(Effect="Deny", Principal="*", Action="dynamodb:*", Sid="Locked")
    source = policies(lock, document(SOURCE + STREAM), caller=caller)
    steps = resource_policy.plan(source, policies(arn=TARGET))
    assert statuses(steps) == [Status.FAILED]
    assert "statement Locked" in steps[0].reason
    assert [change.parameters["ResourceArn"] for change in changes(steps)] == [TARGET + STREAM]


def test_a_policy_is_attached_at_once(answer):
    parameters = {"ResourceArn": TARGET, "Policy": "{}", "ExpectedRevisionId": "NO_POLICY"}
    answer("dynamodb", "put_resource_policy", parameters, {"RevisionId": "1"})
    assert resource_policy.apply(Change("PutResourcePolicy", parameters), described()) == ""
