"""Messages that are nearly events of a restore: each ends as it should, and no exception leaves the handler."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from datetime import datetime
from unittest.mock import patch

import hypothesis
import pytest
from hypothesis import strategies as st

from table_sync import telemetry
from tests.proof.bad_events import MARK, bodies, foreign_events
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.pipeline import Pipeline
from tests.support.restore_events import TIME
from tests.support.tables import make_table, restore

BATCH = 10
A_ROUND = 2000
EVENTS = int(os.environ.get("BAD_EVENTS", A_ROUND))
DISTINCT = set()


@pytest.fixture
def pipeline():
    """Deploy the function, and make a table, its restored one, and one that is being restored for ever."""
    # pytest would keep every line.
    quiet = patch.object(logging.getLogger(telemetry.logger.name), "propagate", new=False)
    # Early enough for a source, and late enough for a restored table, of each event.
    start = datetime.fromisoformat(TIME).timestamp() - 300
    with quiet, EmbeddedAWS(start=start) as aws, Pipeline(aws) as deployed:
        make_table(aws, "orders")
        make_table(aws, "orders-restored")
        aws.restore_seconds = float("inf")
        restore(aws, "orders", "orders-creating")
        yield deployed


def deliver(pipeline, batch):
    """Put messages into the queue, let the function look at them once, and return how many ended in which way."""
    aws = pipeline.aws
    aws.calls.clear()
    queue, dlq = (aws.sqs.queue(arn) for arn in (pipeline.function.queue_arn, pipeline.function.dlq_arn))
    queue.stored.clear()
    dlq.stored.clear()
    entries = [{"Id": str(number), "MessageBody": body, "DelaySeconds": 0} for number, body in enumerate(batch)]
    sent = aws.client("sqs").send_message_batch(QueueUrl=pipeline.function.queue_url, Entries=entries)
    assert len(sent["Successful"]) == len(batch)

    (invocation,) = pipeline.service.poll_once()
    assert invocation.error is None
    lines = [json.loads(line) for line in invocation.log_lines]
    assert [line for line in lines if MARK in json.dumps(line, ensure_ascii=False)] == []
    waiting, quarantined = queue.kept(), dlq.kept()
    assert all(message.visible_at > aws.clock.now() * 1000 for message in waiting)
    reasons = [message.attributes["FailureReason"]["StringValue"] for message in quarantined]
    assert all(reasons)
    assert [reason for reason in reasons if MARK in reason] == []
    assert Counter(message.body for message in (*waiting, *quarantined)) <= Counter(batch)
    outcomes = Counter(line.get("outcome") for line in lines)
    assert len(waiting) == outcomes["waiting"]
    assert pipeline.writes() == []
    return Counter(
        {
            "in sync": outcomes["in_sync"],
            "waiting": len(waiting),
            "quarantined with a reason": len(quarantined),
            "ignored": sum(line.get("message", "").endswith("nothing to do") for line in lines),
        }
    )


@hypothesis.settings(max_examples=20, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(batch=st.lists(foreign_events(), min_size=BATCH, max_size=BATCH))
def test_an_event_of_another_account_or_region_is_about_no_table_here(pipeline, batch):
    assert deliver(pipeline, batch) == Counter({"quarantined with a reason": BATCH})
    assert {call.service for call in pipeline.calls()} == {"sqs"}


@pytest.mark.parametrize("first", range(0, EVENTS, A_ROUND))
def test_every_bad_event_ends_as_it_should(pipeline, figures, first):
    counts, known = Counter(), len(DISTINCT)

    @hypothesis.seed(first)
    @hypothesis.settings(
        max_examples=min(EVENTS - first, A_ROUND) // BATCH,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(st.lists(bodies(), min_size=BATCH, max_size=BATCH, unique=True))
    def each_ends_in_one_way(batch):
        ends = deliver(pipeline, batch)
        assert ends.total() == BATCH
        counts.update(ends, events=BATCH)
        DISTINCT.update(map(hash, batch))

    each_ends_in_one_way()
    figures("bad events", **counts, distinct=len(DISTINCT) - known)
