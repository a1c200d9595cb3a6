"""A source table with every setting that one table can have, and an independent look at the settings of any table.

Nothing here uses the function's code: what it reports is checked against what these plain API calls see.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from tests.settings import modules
from tests.support.deployment import zip_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.embedded_aws import EmbeddedAWS

REGION = "eu-west-1"
INDEXES = ("by-customer", "by_day")
TAGS = {"team": "payments", "cost-centre": "4711", "env": "prod"}
TTL_ATTRIBUTE = "expires_at"
RECOVERY_PERIOD_IN_DAYS = 14
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}
FILTER = {"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT", "MODIFY"]})}]}


def make_table(  # noqa: PLR0913 (each is a fact of the table)
    aws: EmbeddedAWS,
    name: str,
    *,
    region: str = REGION,
    indexes: Sequence[str] = INDEXES,
    billing_mode: str = "PROVISIONED",
    stream_view_type: str | None = None,
    items: int = 3,
) -> str:
    """Make a table with items and point-in-time recovery, without which it cannot be restored; return its ARN."""
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    capacity = {"ProvisionedThroughput": throughput} if billing_mode == "PROVISIONED" else {}
    client = aws.client("dynamodb", region)
    client.create_table(
        TableName=name,
        BillingMode=billing_mode,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("id", *indexes)],
        **({"GlobalSecondaryIndexes": [index_of(index, capacity) for index in indexes]} if indexes else {}),
        **(
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream_view_type}}
            if stream_view_type
            else {}
        ),
        **capacity,
    )
    wait_until_active(aws, name, region)
    for number in range(items):
        attributes = {key: {"S": f"{key}-{number}"} for key in ("id", *indexes)}
        client.put_item(TableName=name, Item=attributes | {TTL_ATTRIBUTE: {"N": "4102444800"}})
    modules()["pitr"].give(aws, name, region)
    return str(client.describe_table(TableName=name)["Table"]["TableArn"])


def index_of(name: str, capacity: dict[str, Any]) -> dict[str, Any]:
    """Return a global secondary index as CreateTable and the restore calls take it."""
    schema = [{"AttributeName": name, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}, **capacity}


def wait_until_active(aws: EmbeddedAWS, name: str, region: str = REGION) -> None:
    """Move the clock to the second in which the table becomes ACTIVE."""
    while aws.client("dynamodb", region).describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        table = aws.dynamodb.find(f"arn:aws:dynamodb:{region}:{aws.account}:table/{name}")
        aws.clock.advance(max(1, math.ceil(table.status.at - aws.clock.now())) if table else 1)


def make_source(aws: EmbeddedAWS, name: str = "orders", *, region: str = REGION) -> str:
    """Make a table that has every setting that a provisioned table can have; return its ARN."""
    arn = make_table(aws, name, region=region)
    for module in modules().values():
        if not hasattr(module, "BILLING_MODE"):
            module.give(aws, name, region)
    aws.clock.advance(3700)  # TTL takes up to an hour
    return arn


def make_function(aws: EmbeddedAWS, name: str, region: str = REGION) -> str:
    """Make a function for triggers, which may read the streams of every table; return its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.client("iam", region).create_role(
        RoleName=f"{name}-{region}",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    let_read_streams(aws, name, "*", region)
    function = aws.client("lambda", region).create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="trigger.handler",
        Code={"ZipFile": zip_of({"trigger.py": "def handler(event, context): pass"})},
    )
    return str(function["FunctionArn"])


def let_read_streams(aws: EmbeddedAWS, function: str, table: str, region: str = REGION) -> None:
    """Let a function for triggers read the streams of the table, and no others."""
    allow = {
        "Effect": "Allow",
        "Action": [f"dynamodb:{verb}" for verb in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")],
        "Resource": f"arn:aws:dynamodb:{region}:{aws.account}:table/{table}/stream/*",
    }
    aws.client("iam", region).put_role_policy(
        RoleName=f"{function}-{region}",
        PolicyName="read-streams",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )


def of_table(name: str) -> list[dict[str, str]]:
    """Return the dimensions of a table's metrics."""
    return [{"Name": "TableName", "Value": name}]


def restore(aws: EmbeddedAWS, source: str, target: str, *, region: str = REGION, **overrides: Any) -> str:
    """Restore `source` (name or ARN) as `target`; return the target's ARN.

    From another Region the table gets a key that DynamoDB owns, unless `overrides` names another one: AWS wants to be
    told.
    """
    if source.startswith("arn:") and source.split(":")[3] != region:
        overrides = {"SSESpecificationOverride": {"Enabled": False}} | overrides
    key = "SourceTableArn" if source.startswith("arn:") else "SourceTableName"
    parameters = {key: source, "TargetTableName": target, "UseLatestRestorableTime": True, **overrides}
    answer = aws.client("dynamodb", region).restore_table_to_point_in_time(**parameters)
    return str(answer["TableDescription"]["TableArn"])


def restore_and_wait(
    aws: EmbeddedAWS, source: str = "orders", target: str = "orders-restored", **overrides: Any
) -> None:
    """Restore a table, and wait until it is ACTIVE."""
    restore(aws, source, target, **overrides)
    aws.clock.advance(400)


def change_table_class(aws: EmbeddedAWS, *classes: str) -> None:
    """Give the table "orders-restored" these table classes, one after the other."""
    for name in classes:
        aws.client("dynamodb").update_table(TableName="orders-restored", TableClass=name)
        aws.clock.advance(10)


def settings_of(aws: EmbeddedAWS, name: str, region: str = REGION) -> dict[str, Any]:
    """Return the settings of a table by plain API calls, without what differs between any two tables."""
    table = aws.client("dynamodb", region).describe_table(TableName=name)["Table"]
    return {setting: module.see(aws, table, region) for setting, module in modules().items()}
