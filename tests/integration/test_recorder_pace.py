"""A sweep stays at half of the request rates that AWS documents, and needs few calls for a table."""

from bisect import bisect_left

import pytest

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.rate_limits import QUOTAS
from tests.support.recorder import DeployedRecorder

TABLES = 120
MOST_CALLS = 8


def make_tables(aws, count):
    client = aws.client("dynamodb")
    for number in range(count):
        client.create_table(
            TableName=f"table-{number:05d}",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": number % 4 == 0, "StreamViewType": "KEYS_ONLY"}
            if number % 4 == 0
            else {"StreamEnabled": False},
        )
    aws.clock.advance(60)


@pytest.fixture(scope="module")
def second_sweep():
    """Sweep tables twice; return the calls of the second sweep and the seconds that it took."""
    with EmbeddedAWS() as aws, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment().items():
            environment.setenv(name, value)
        with DeployedRecorder(aws) as recorder:
            make_tables(aws, TABLES)
            aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
            aws.rate_limits.enforced = True
            recorder.sweep()
            written = len(recorder.writes())
            before, started = len(recorder.calls()), aws.clock.now()
            recorder.sweep()
            assert recorder.metric("TablesRecorded") == 2 * TABLES
            assert written == len(recorder.writes()) == TABLES
            return aws, recorder.calls()[before:], aws.clock.now() - started


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda quota: quota.name)
def test_half_of_each_documented_rate_is_left(second_sweep, quota):
    aws, calls, _ = second_sweep
    times = sorted(call.at for call in calls if quota.covers(aws, call))
    busiest = max((bisect_left(times, at + 1 - 1e-6) - index for index, at in enumerate(times)), default=0)
    # Calls that are evenly spaced at half the rate: a second may begin and end with one.
    assert busiest <= quota.per_second / 2 + 1


def test_nothing_is_throttled(second_sweep):
    _, calls, _ = second_sweep
    assert [call.name for call in calls if call.error not in {None, "PolicyNotFoundException"}] == []


def test_a_table_needs_few_calls(second_sweep, figures):
    _, calls, seconds = second_sweep
    per_table = sum(call.service != "sqs" for call in calls) / TABLES
    of_streams = sum(call.name == "dynamodb:GetResourcePolicy" for call in calls) - TABLES
    minutes = seconds / TABLES * 10_000 / 60
    figures("sweep of 10,000 tables", minutes=f"{minutes:.0f}", calls_for_each=f"{per_table:.1f}")
    # Those that read the policy of a stream, and the lists of the account, which serve up to 100 tables each.
    assert per_table - of_streams / TABLES <= MOST_CALLS + 0.25
    assert seconds / TABLES <= 0.3
