"""CloudTrail's event history in the embedded AWS."""

import json
import math
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.support.tables import make_table, restore

RESTORES = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RestoreTableToPointInTime"}]}


@pytest.fixture
def client(aws):
    return aws.client("cloudtrail", parameter_validation=False)


def listed(client, **parameters):
    return client.lookup_events(**RESTORES | parameters)["Events"]


def restore_copies(aws, number):
    aws.concurrent_restores = number
    make_table(aws, "orders", indexes=(), items=0)
    for copy in range(number):
        restore(aws, "orders", f"copy-{copy}")
        aws.clock.advance(1)


def test_a_call_is_listed_minutes_later_with_its_whole_record(aws, client):
    restore_copies(aws, 1)
    assert listed(client) == []
    aws.clock.advance(300)
    (event,) = listed(client)
    record = json.loads(event["CloudTrailEvent"])
    assert event["EventId"] == record["eventID"]
    assert (event["EventName"], event["EventSource"]) == ("RestoreTableToPointInTime", "dynamodb.amazonaws.com")
    assert (event["ReadOnly"], event["Username"]) == ("false", "Admin")
    assert f"{event['EventTime'].astimezone(aws.clock.datetime().tzinfo):%Y-%m-%dT%H:%M:%SZ}" == record["eventTime"]
    assert record["requestParameters"]["targetTableName"] == "copy-0"
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert event["Resources"][-1]["ResourceName"].endswith(":table/copy-0")


def test_only_events_of_the_attribute_and_the_region_are_listed(aws, client):
    restore_copies(aws, 1)
    aws.clock.advance(300)
    assert client.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "X"}])["Events"] == []
    assert listed(aws.client("cloudtrail", "us-east-1")) == []


def test_the_newest_come_first_in_pages_of_fifty(aws, client):
    restore_copies(aws, 60)
    aws.clock.advance(300)
    first = client.lookup_events(**RESTORES)
    second = client.lookup_events(**RESTORES, NextToken=first["NextToken"])
    assert (len(first["Events"]), len(second["Events"]), "NextToken" in second) == (50, 10, False)
    times = [event["EventTime"] for event in first["Events"] + second["Events"]]
    assert times == sorted(times, reverse=True)


def test_a_time_range_is_of_calls_and_includes_its_ends(aws, client):
    start = aws.clock.datetime()
    restore_copies(aws, 3)
    aws.clock.advance(300)
    times = sorted(event["EventTime"] for event in listed(client))
    assert times[0] >= start
    assert len(listed(client, StartTime=times[0], EndTime=times[1])) == 2
    assert len(listed(client, StartTime=times[2])) == 1
    aws.clock.advance(timedelta(days=91).total_seconds())
    assert listed(client) == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"LookupAttributes": RESTORES["LookupAttributes"] * 2}, "InvalidLookupAttributesException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"),
        ({"NextToken": "e30="}, "InvalidNextTokenException"),
    ],
)
def test_what_it_refuses(client, parameters, code):
    with pytest.raises(ClientError) as refused:
        client.lookup_events(**RESTORES | parameters)
    assert refused.value.response["Error"]["Code"] == code


def test_a_token_goes_with_the_parameters_of_its_call(aws, client):
    restore_copies(aws, 2)
    aws.clock.advance(300)
    token = client.lookup_events(**RESTORES, MaxResults=1)["NextToken"]
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        client.lookup_events(**RESTORES, MaxResults=2, NextToken=token)


def test_events_can_be_lost_late_and_listed_twice(aws, client):
    seconds = {"copy-0": math.inf, "copy-1": 3600, "copy-2": 0}
    aws.cloudtrail.seconds_until_listed = lambda record: seconds.get(
        (record["requestParameters"] or {}).get("targetTableName"), 0
    )
    aws.cloudtrail.times_listed = lambda _: 2
    restore_copies(aws, 3)
    assert len(listed(client)) == 2
    aws.clock.advance(3600)
    assert len(listed(client)) == 4


def test_two_requests_a_second_are_taken(aws, client):
    aws.rate_limits.enforced = True
    listed(client)
    listed(client)
    with pytest.raises(ClientError, match="ThrottlingException"):
        listed(client)
    aws.clock.advance(0.5)
    assert listed(client) == []


def test_without_a_trail_eventbridge_gets_nothing(aws, client):
    events, sqs = aws.client("events"), aws.client("sqs")
    rule = events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.dynamodb"]}))["RuleArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.create_queue(QueueName="work", Attributes={"Policy": policy})
    queue = rule.replace(":events:", ":sqs:").replace("rule/all", "work")
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": queue}])
    aws.cloudtrail.trail = False
    restore_copies(aws, 1)
    assert aws.sqs.messages(queue) == []
    aws.clock.advance(300)
    assert len(listed(client)) == 1
    aws.cloudtrail.trail = True
    aws.client("dynamodb").update_table(TableName="orders", DeletionProtectionEnabled=True)
    (message,) = aws.sqs.messages(queue)
    assert json.loads(message.body)["detail"]["eventName"] == "UpdateTable"
