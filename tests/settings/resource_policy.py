"""Policies of the table and its stream, which lock nobody out."""

import dataclasses
import json

from hypothesis import strategies as st

from table_sync.settings.resource_policy import Policies, Policy
from tests.settings import TARGET
from tests.support.tables import INSECURE, REGION

WRITE = ("dynamodb:PutResourcePolicy", "Policy")
NEEDS = "stream"


def give(aws, name, region=REGION):
    """Let another account read the table, its indexes and its stream, and nobody read the table without TLS."""
    client = aws.client("dynamodb", region)
    description = client.describe_table(TableName=name)["Table"]
    arn, stream = description["TableArn"], description["LatestStreamArn"]
    reader = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}
    insecure = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:*", "Condition": INSECURE}
    table = {"Resource": [arn, f"{arn}/index/*"]}
    statements = {
        arn: [{**reader, "Action": "dynamodb:Query", **table}, {**insecure, **table}],
        stream: [{**reader, "Action": "dynamodb:GetRecords", "Resource": stream}],
    }
    for resource, statement in statements.items():
        policy = {"Version": "2012-10-17", "Statement": statement}
        client.put_resource_policy(ResourceArn=resource, Policy=json.dumps(policy, indent=2))


def see(aws, table, region):
    return [_policy(aws, arn, region) for arn in (table["TableArn"], table.get("LatestStreamArn")) if arn]


def _policy(aws, arn, region):
    client = aws.client("dynamodb", region)
    try:
        text = client.get_resource_policy(ResourceArn=arn)["Policy"]
    except client.exceptions.PolicyNotFoundException:
        return None
    return json.loads(text.replace(arn, "*"))


def _arns(table):
    arn = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}"
    return arn, f"{arn}/stream/{table}"


RESTORED = Policies(*_arns(TARGET))


def values(table):
    arn, stream_arn = _arns(table)
    of_table = _policies([[arn], [arn, f"{arn}/index/*"], ["*"]])
    return st.builds(Policies, st.just(arn), st.just(stream_arn), of_table, _policies([[stream_arn]]))


def _policies(resources):
    statement = st.fixed_dictionaries(
        {
            "Effect": st.just("Allow"),
            "Principal": st.sampled_from(["*", {"AWS": "arn:aws:iam::444455556666:root"}]),
            "Action": st.sampled_from(["dynamodb:Query", ["dynamodb:GetItem", "dynamodb:GetRecords"]]),
            "Resource": st.sampled_from(resources),
        },
        optional={"Condition": st.sampled_from(resources).map(lambda arns: {"ArnLike": {"aws:SourceArn": arns}})},
    )
    document = st.fixed_dictionaries({"Version": st.just("2012-10-17"), "Statement": st.lists(statement, min_size=1)})
    return st.just(Policy()) | st.builds(Policy, document, st.integers(1, 9).map(str))


def content(policies):
    table = policies.table_arn.rpartition("/")[2]
    return {
        name: json.dumps(policy.document, sort_keys=True).replace(table, "*")
        for name, policy in (("table", policies.of_table), ("stream", policies.of_stream))
        if policy.document
    }


def written(policies, change):
    name = {policies.table_arn: "of_table", policies.stream_arn: "of_stream"}[change.parameters["ResourceArn"]]
    before = getattr(policies, name)
    assert change.parameters["ExpectedRevisionId"] == before.revision, "AWS knows another revision"
    after = Policy(json.loads(change.parameters["Policy"]), f"{before.revision}+")
    return dataclasses.replace(policies, **{name: after})


def _one_statement(table, action):
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": action}]}
    return Policies(f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}", None, Policy(document))


DIFFERENCES = [
    (
        _one_statement("orders", "dynamodb:Query"),
        _one_statement("copy", "dynamodb:Scan"),
        ["policy of the table: Read Action: dynamodb:Query -> dynamodb:Scan"],
    )
]
