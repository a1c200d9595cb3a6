"""The recorder's calls are spaced by what share of a request rate they take."""

import time
from bisect import bisect_left
from itertools import cycle, islice

import pytest

from table_sync import aws as function_clients
from table_sync.recording.pace import Pace
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.tables import REGION

CALLS = 40
READS = {
    "alarms": ("cloudwatch", "describe_alarms", {}),
    "policies": ("application-autoscaling", "describe_scaling_policies", {"ServiceNamespace": "dynamodb"}),
    "targets": ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "dynamodb"}),
    "mappings": ("lambda", "list_event_source_mappings", {}),
    "functions": ("lambda", "list_functions", {}),
    "backups": ("dynamodb", "describe_continuous_backups", {"TableName": "orders"}),
    "tags": (
        "dynamodb",
        "list_tags_of_resource",
        {"ResourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"},
    ),
    "ttl": ("dynamodb", "describe_time_to_live", {"TableName": "orders"}),
    "tables": ("dynamodb", "list_tables", {}),
}


@pytest.fixture
def aws(monkeypatch):
    with EmbeddedAWS() as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(time, "sleep", aws.clock.sleep)
        function_clients.start_session()
        yield aws


def busiest(aws, names):
    """Make the calls of these names in turn, which take no time; return the most within a second."""
    began = aws.clock.now()
    with Pace(lambda: began + 900 - aws.clock.now()).kept(REGION):
        for name in islice(cycle(names), CALLS):
            service, operation, parameters = READS[name]
            client = function_clients.client(service, REGION)
            try:
                getattr(client, operation)(**parameters)
            except client.exceptions.ClientError as error:
                assert "NotFound" in error.response["Error"]["Code"]  # noqa: PT017 (there are no tables)
    times = sorted(call.at for call in aws.calls)
    assert len(times) == CALLS
    return max(bisect_left(times, at + 1 - 1e-6) - index for index, at in enumerate(times))


@pytest.mark.parametrize(
    ("names", "per_second"),
    [
        (("alarms",), 4.5),
        (("alarms", "policies"), 4.5),
        (("policies", "targets"), 4),
        (("mappings", "functions"), 7.5),
        (("backups",), 5),
        (("tags",), 5),
        (("ttl",), 4),
    ],
)
def test_calls_that_share_a_rate_keep_to_half_of_it(aws, names, per_second):
    # Calls that are evenly spaced at half the rate: a second may begin and end with one.
    assert per_second <= busiest(aws, names) <= per_second + 1


def test_calls_without_a_documented_rate_of_their_own_do_not_wait(aws):
    assert busiest(aws, ("tables",)) == CALLS
