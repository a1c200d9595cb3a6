"""Calls that a role makes."""

import json

import boto3

from tests.facts.facts import observation


def client_of_role(aws, service, *statements):
    iam = aws.client("iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="CustodianGuardDuty", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    for statement in statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_role_policy(RoleName="CustodianGuardDuty", PolicyName="policy", PolicyDocument=policy)
    credentials = aws.credentials(role["Arn"], "custodian-dev")
    return boto3.client(
        service, region_name="eu-west-1", **{name.lower(): value for name, value in credentials.items()}
    )


@observation
def call_as_a_role(aws, _call):
    return client_of_role(aws, "sts").get_caller_identity()


@observation
def call_as_a_role_without_permissions(aws, _call):
    client = client_of_role(aws, "dynamodb")
    aws.permissions.enforced = True
    return client.describe_table(TableName="orders")
