"""How long a sync takes from ACTIVE to in sync, and what it calls, on the embedded AWS's clock."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings import SETTINGS
from tests.bench.figure import Figure, Limit
from tests.bench.yardstick import (
    CALLS_REPEATED_AT_ACTIVE,
    EVERY_SETTING,
    OUTCOME_EVENT_CALLS,
    PASS_CALLS,
    SAMPLE_CALLS,
    SAMPLE_SECONDS,
    START,
    THE_SEVEN,
    longest_chain,
)
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.delays import Delays
from tests.support.pipeline import Pipeline
from tests.support.tables import restore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.yardstick import Content
    from tests.support.embedded_aws import Call

SOURCE, TARGET = "orders", "orders-restored"
MOST_TIMES_THE_CHAIN = 1.05


@dataclass(frozen=True)
class Sync:
    """One sync: its calls in order, when what happened, in seconds after ACTIVE, and how long the function slept."""

    calls: Sequence[Call]
    in_sync: float
    last_write: float
    slept: float


@contextmanager
def _restored(content: Content, restore_seconds: float) -> Iterator[tuple[Pipeline, float]]:
    """Restore a table with that content; give the pipeline and when the target will be ACTIVE (epoch seconds)."""
    with EmbeddedAWS(start=START) as aws, Pipeline(aws, **content.variables) as pipeline:
        content.make(aws, SOURCE)
        aws.restore_seconds = restore_seconds
        restore(aws, SOURCE, TARGET)
        yield pipeline, aws.clock.now() + restore_seconds


def sync_at_active(content: Content = THE_SEVEN) -> Sync:
    """Look at the very moment at which the target becomes ACTIVE."""
    with _restored(content, 300) as (pipeline, active_at):
        pipeline.aws.clock.advance(active_at - pipeline.aws.clock.now())
        report = pipeline.invoke(source_table=SOURCE, target_table=TARGET)
        return _sync(pipeline, report, active_at)


def sync_from_queue(content: Content = THE_SEVEN) -> Sync:
    """Let the first message find a target that has been ACTIVE for a while."""
    with _restored(content, 30) as (pipeline, active_at):
        pipeline.run()
        (report,) = pipeline.attempts
        return _sync(pipeline, report, active_at)


def calls_of_nothing_to_do(content: Content = THE_SEVEN) -> tuple[int, int]:
    """Return the calls, and how many of them write, of an attempt that finds source and target in sync."""
    with _restored(content, 30) as (pipeline, _):
        pipeline.run()
        calls, writes = len(pipeline.calls()), len(pipeline.writes())
        report = pipeline.invoke(source_table=SOURCE, target_table=TARGET)
        assert report["outcome"] == "in_sync", report
        return len(pipeline.calls()) - calls, len(pipeline.writes()) - writes


def calls_of_waiting() -> float:
    """Return the calls that an attempt makes while the table is restored, those on the queue aside."""
    with _restored(THE_SEVEN, 3600) as (pipeline, _):
        attempts = pipeline.run_for(3000)
        assert {attempt["outcome"] for attempt in attempts} == {"waiting"}, attempts
        calls = [call for call in pipeline.calls() if call.service != "sqs"]
        assert {call.name for call in calls} == {"dynamodb:DescribeTable"}, calls
        return len(calls) / len(attempts)


def _sync(pipeline: Pipeline, report: dict[str, Any], active_at: float) -> Sync:
    assert report["outcome"] == "in_sync", report
    calls = [call for call in pipeline.calls() if call.service != "sqs" and call.at >= active_at]
    writes = [call.at for call in calls if call.name in set(pipeline.writes())]
    end = pipeline.aws.clock.now()
    return Sync(calls, end - active_at, max(writes) - active_at, end - calls[0].at)


def figures(from_queue: Sync) -> list[Figure]:
    """Measure time and calls; `from_queue` is what `sync_from_queue` gave."""
    at_active = sync_at_active()
    chain = longest_chain(Delays())
    nothing, writes = calls_of_nothing_to_do()
    needed = sum(PASS_CALLS.values())
    repeated = Limit(
        most=needed + CALLS_REPEATED_AT_ACTIVE,
        reason="AWS refuses point-in-time recovery in the first seconds after ACTIVE, so it is read and enabled again",
    )
    return [
        Figure("Time", "ACTIVE to in sync", at_active.in_sync, "s", Limit(most=MOST_TIMES_THE_CHAIN * chain)),
        Figure("Time", "the longest chain of AWS's own waits", chain, "s"),
        Figure("Time", "the SAM sample's waiters", SAMPLE_SECONDS, "s"),
        Figure("Time", "times as fast as the SAM sample", SAMPLE_SECONDS / at_active.in_sync, ""),
        Figure("Time", "ACTIVE to the last write", at_active.last_write, "s"),
        Figure("Calls", "full sync", len(from_queue.calls), "calls", Limit(most=needed + OUTCOME_EVENT_CALLS)),
        Figure("Calls", "full sync, begun at the moment of ACTIVE", len(at_active.calls), "calls", repeated),
        Figure("Calls", "the SAM sample", SAMPLE_CALLS, "calls"),
        Figure("Calls", "nothing to do", nothing, "calls"),
        Figure("Calls", "nothing to do, of which writes", writes, "calls", Limit(most=0)),
        Figure("Calls", "while waiting, an attempt", calls_of_waiting(), "calls", Limit(most=1)),
        *_figures_of_every_setting(),
    ]


def _figures_of_every_setting() -> list[Figure]:
    seconds = sync_at_active(EVERY_SETTING).in_sync
    chain = longest_chain(Delays(), every_setting=True)
    nothing, writes = calls_of_nothing_to_do(EVERY_SETTING)
    topic = f"All {len(SETTINGS)} settings"
    return [
        Figure(topic, "ACTIVE to in sync", seconds, "s", Limit(most=MOST_TIMES_THE_CHAIN * chain)),
        Figure(topic, "the longest chain of AWS's own waits", chain, "s"),
        Figure(topic, "full sync", len(sync_from_queue(EVERY_SETTING).calls), "calls"),
        Figure(topic, "nothing to do", nothing, "calls"),
        Figure(topic, "nothing to do, of which writes", writes, "calls", Limit(most=0)),
    ]
