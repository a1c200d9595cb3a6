"""The rates above which the embedded AWS refuses calls."""

import pytest
from botocore.exceptions import ClientError

from tests.settings import auto_scaling
from tests.support.embedded_aws import Call, rate_limits
from tests.support.embedded_aws.rate_limits import QUOTAS
from tests.support.tables import make_table


def codes(calls):
    """Return how each call ended: "" or the error code."""
    found = []
    for call in calls:
        try:
            call()
        except ClientError as error:
            found.append(error.response["Error"]["Code"])
        else:
            found.append("")
    return found


def test_no_rate_is_limited_unless_asked_for(aws):
    arn = make_table(aws, "orders")
    assert codes([lambda: aws.client("dynamodb").list_tags_of_resource(ResourceArn=arn)] * 50) == [""] * 50


@pytest.mark.parametrize(
    ("call", "rate", "code"),
    [
        (("dynamodb", "list_tags_of_resource", {"ResourceArn": "ARN"}), 10, "ThrottlingException"),
        (("dynamodb", "untag_resource", {"ResourceArn": "ARN", "TagKeys": ["team"]}), 5, "ThrottlingException"),
        (("dynamodb", "describe_continuous_backups", {"TableName": "orders"}), 10, "ThrottlingException"),
        (("dynamodb", "describe_contributor_insights", {"TableName": "orders"}), 5, "ThrottlingException"),
        (("lambda", "list_event_source_mappings", {}), 15, "TooManyRequestsException"),
        (("cloudwatch", "describe_alarms", {}), 9, "Throttling"),
    ],
)
def test_a_second_s_worth_of_calls_is_taken_and_no_more(aws, call, rate, code):
    aws.delays.tags = 0
    arn = make_table(aws, "orders")
    service, operation, parameters = call
    parameters = {name: arn if value == "ARN" else value for name, value in parameters.items()}
    call = [lambda: getattr(aws.client(service), operation)(**parameters)]
    aws.rate_limits.enforced = True
    assert codes(call * (rate + 2)) == [""] * rate + [code] * 2
    assert sum(aws.rate_limits.refused.values()) == 2
    aws.clock.advance(1 / rate)
    assert codes(call * 2) == ["", code]
    aws.clock.advance(60)
    assert codes(call * (rate + 1)) == [""] * rate + [code]


def test_other_regions_have_quotas_of_their_own(aws):
    aws.rate_limits.enforced = True
    assert codes([aws.client("lambda").list_event_source_mappings] * 16)[-1] == "TooManyRequestsException"
    assert codes([aws.client("lambda", "us-east-1").list_event_source_mappings]) == [""]


def test_neither_the_data_plane_nor_invocations_have_a_quota(aws):
    for service, operation in (("dynamodb", "GetItem"), ("lambda", "Invoke"), ("sqs", "SendMessage")):
        call = Call(service, operation, "eu-west-1", {}, aws.clock.now())
        assert not any(quota.covers(aws, call) for quota in QUOTAS)


def test_a_policy_needs_four_alarms_of_which_cloudwatch_makes_three_a_second(aws):
    make_table(aws, "orders")
    auto_scaling.scale(aws, "orders", "dynamodb:table:ReadCapacityUnits")
    client = aws.client("application-autoscaling")
    (policy,) = client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    put = {key: policy[key] for key in policy if key not in {"PolicyARN", "Alarms", "CreationTime"}}
    aws.rate_limits.enforced = True
    refused = "FailedResourceAccessException"
    assert codes([lambda: client.put_scaling_policy(**put)] * 2) == ["", refused]
    aws.clock.advance(4 / 3)
    assert codes([lambda: client.put_scaling_policy(**put)] * 2) == ["", refused]
    assert codes([lambda: client.describe_scaling_policies(ServiceNamespace="dynamodb")] * 10) == [""] * 9 + [refused]
    assert codes([aws.client("cloudwatch").describe_alarms]) == ["Throttling"]


def test_only_so_many_tables_change_at_once(aws, monkeypatch):
    monkeypatch.setattr(rate_limits, "TABLES_CHANGING", 5)
    aws.delays.create_table = 60
    key = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    key |= {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    aws.rate_limits.enforced = True
    for number in range(5):
        aws.client("dynamodb").create_table(TableName=f"table-{number}", **key)
    one_more = [lambda: aws.client("dynamodb").create_table(TableName="one-more", **key)]
    assert codes(one_more) == ["LimitExceededException"]
    aws.clock.advance(60)
    assert codes(one_more) == [""]
