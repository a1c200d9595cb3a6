"""What has to be there before the calls for resource policies."""

import json

from tests.facts.facts import observation, setup
from tests.facts.setups.dynamodb import ORDERS, SETTLED, on_demand_table

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Principal": {"AWS": "123456789012"},
                "Effect": "Allow",
                "Action": ["dynamodb:*"],
                "Resource": "*",
            }
        ],
    }
)


def put_policy(aws):
    on_demand_table(aws)
    return aws.client("dynamodb").put_resource_policy(ResourceArn=ORDERS, Policy=POLICY)["RevisionId"]


@setup
def table_whose_policy_was_put_a_moment_ago(aws):
    put_policy(aws)


@setup
def table_whose_policy_was_put_5_seconds_ago(aws):
    put_policy(aws)
    aws.clock.advance(5)


@setup
def table_with_resource_policy(aws):
    revision = put_policy(aws)
    aws.clock.advance(SETTLED)
    return {"revision": revision}


@setup
def table_whose_resource_policy_was_deleted(aws):
    table_with_resource_policy(aws)
    aws.client("dynamodb").delete_resource_policy(ResourceArn=ORDERS)
    aws.clock.advance(SETTLED)


@setup
def large_policy(aws):
    on_demand_table(aws)
    policy = json.loads(POLICY)
    policy["Statement"][0]["Sid"] = "s" * 21000
    return {"policy": json.dumps(policy)}


@observation
def revision_is_a_number(_aws, call):
    return call()["RevisionId"].isdigit()


@observation
def revision_is_new(aws, call):
    before = aws.client("dynamodb").get_resource_policy(ResourceArn=ORDERS)["RevisionId"]
    return call()["RevisionId"] != before


@observation
def principal_of_the_policy(_aws, call):
    return json.loads(call()["Policy"])["Statement"][0]["Principal"]
