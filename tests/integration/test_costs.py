"""README.md's costs are computed from what a restore really takes, on the embedded AWS."""

import random

import pytest

from scripts import attempts, costs
from tests.support.embedded_metrics import embedded_metrics
from tests.support.tables import make_source, restore

# What Lambda adds of its own to each invocation's lines.
PLATFORM_BYTES = 1000


@pytest.fixture
def restored(aws, pipeline):
    """Restore a table with every setting in ten minutes; return what came of it."""
    random.seed(0)
    make_source(aws)
    aws.restore_seconds = costs.RESTORES["10 minutes"]
    aws.calls.clear()
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    return pipeline


def test_a_restore_takes_as_many_attempts(restored):
    assert len(restored.attempts) == pytest.approx(attempts.count(costs.RESTORES["10 minutes"]), abs=1)


def test_it_writes_no_more_to_the_log(restored):
    *waiting, last = [sum(map(len, invocation.log_lines)) for invocation in restored.invocations]
    assert max(waiting) + PLATFORM_BYTES <= costs.WAITING_BYTES
    assert last + PLATFORM_BYTES <= costs.LAST_BYTES


def test_it_makes_no_more_requests_of_sqs(restored):
    requests = [
        call
        for call in restored.aws.calls
        if call.service == "sqs" and call.operation not in {"GetQueueAttributes", "GetQueueUrl"}
    ]
    counted = round(costs.of_restore(600)["SQS"] / costs.SQS_REQUEST)
    sent = 1  # by EventBridge, which is no call here
    assert len(requests) + sent <= counted + 2  # one attempt more or less, by chance


def test_it_has_no_more_metrics(restored):
    series = {series for line in restored.log for series, _ in embedded_metrics(line)}
    assert len(series) == round(costs.of_restore(600)["Metrics"] / costs.METRIC_HOUR)
