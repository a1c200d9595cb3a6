"""How long a sync takes from ACTIVE to in sync, and what it calls, on the embedded AWS's clock."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings import SETTINGS
from tests.bench.figure import Figure, Limit
from tests.bench.yardstick import (
    SAMPLE_CALLS,
    SAMPLE_SECONDS,
    START,
    longest_chain,
    make_yardstick,
    only_the_seven,
)
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.delays import Delays
from tests.support.pipeline import Pipeline
from tests.support.tables import make_source, restore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.embedded_aws import Call

SOURCE, TARGET = "orders", "orders-restored"
MOST_TIMES_THE_LIMIT = 1.25
LEAST_TIMES_FASTER = 8
MOST_CALLS = 32
RESTORE_SECONDS = 300


@dataclass(frozen=True)
class Sync:
    """One sync: its calls in order, when what happened, in seconds after ACTIVE, and how long the function slept."""

    calls: Sequence[Call]
    in_sync: float
    last_write: float
    slept: float


@contextmanager
def _restored(
    restore_seconds: float, make: Callable[[EmbeddedAWS], object], variables: dict[str, str]
) -> Iterator[tuple[Pipeline, float]]:
    """Restore the table that `make` makes; give the pipeline and when the target will be ACTIVE (epoch seconds)."""
    with EmbeddedAWS(start=START) as aws, Pipeline(aws, **variables) as pipeline:
        make(aws)
        aws.restore_seconds = restore_seconds
        restore(aws, SOURCE, TARGET)
        yield pipeline, aws.clock.now() + restore_seconds


def sync_at_active(
    make: Callable[[EmbeddedAWS], object] = make_yardstick, variables: dict[str, str] | None = None
) -> Sync:
    """Look at the very moment at which the target becomes ACTIVE."""
    variables = only_the_seven() if variables is None else variables
    with _restored(RESTORE_SECONDS, make, variables) as (pipeline, active_at):
        pipeline.aws.clock.advance(active_at - pipeline.aws.clock.now())
        report = pipeline.invoke(source_table=SOURCE, target_table=TARGET)
        return _sync(pipeline, report, active_at)


def sync_from_queue(make: Callable[[EmbeddedAWS], object] = make_yardstick) -> Sync:
    """Let the first message find a target that has been ACTIVE for a while."""
    with _restored(30, make, only_the_seven()) as (pipeline, active_at):
        pipeline.run()
        (report,) = pipeline.attempts
        return _sync(pipeline, report, active_at)


def calls_of_nothing_to_do() -> tuple[int, int]:
    """Return the calls, and how many of them write, of an attempt that finds source and target in sync."""
    with _restored(30, make_yardstick, only_the_seven()) as (pipeline, _):
        pipeline.run()
        calls, writes = len(pipeline.calls()), len(pipeline.writes())
        report = pipeline.invoke(source_table=SOURCE, target_table=TARGET)
        assert report["outcome"] == "in_sync", report
        return len(pipeline.calls()) - calls, len(pipeline.writes()) - writes


def calls_of_waiting() -> dict[str, float]:
    """Return the calls an attempt makes while the table is restored, by name; those on the queue aside."""
    with _restored(3600, make_yardstick, only_the_seven()) as (pipeline, _):
        attempts = pipeline.run_for(3000)
        assert {attempt["outcome"] for attempt in attempts} == {"waiting"}, attempts
        names = Counter(call.name for call in pipeline.calls() if call.service != "sqs")
        return {name: count / len(attempts) for name, count in names.items()}


def _sync(pipeline: Pipeline, report: dict[str, Any], active_at: float) -> Sync:
    assert report["outcome"] == "in_sync", report
    calls = [call for call in pipeline.calls() if call.service != "sqs" and call.at >= active_at]
    writes = [call.at for call in calls if not call.operation.startswith(("Describe", "List", "Get"))]
    end = pipeline.aws.clock.now()
    return Sync(calls, end - active_at, max(writes) - active_at, end - calls[0].at)


def figures(from_queue: Sync) -> list[Figure]:
    """Measure time and calls; `from_queue` is what `sync_from_queue` gave."""
    at_active = sync_at_active()
    chain = longest_chain(Delays())
    nothing, writes = calls_of_nothing_to_do()
    waiting = calls_of_waiting()
    faster = Limit(
        least=LEAST_TIMES_FASTER,
        reason=f"AWS's own waits alone take {chain:g} s of the sample's {SAMPLE_SECONDS} s: no function that waits "
        f"until the triggers are enabled can be more than {SAMPLE_SECONDS / chain:.1f} times as fast",
    )
    return [
        Figure("Time", "ACTIVE to in sync", at_active.in_sync, "s", Limit(most=MOST_TIMES_THE_LIMIT * chain)),
        Figure("Time", "the longest chain of AWS's own waits", chain, "s"),
        Figure("Time", "the SAM sample's waiters", SAMPLE_SECONDS, "s"),
        Figure("Time", "times as fast as the SAM sample", SAMPLE_SECONDS / at_active.in_sync, "", faster),
        Figure("Time", "ACTIVE to the last write", at_active.last_write, "s"),
        Figure("Calls", "full sync", len(from_queue.calls), "calls", Limit(most=MOST_CALLS)),
        Figure("Calls", "full sync, begun at the moment of ACTIVE", len(at_active.calls), "calls"),
        Figure("Calls", "the SAM sample", SAMPLE_CALLS, "calls"),
        Figure("Calls", "nothing to do", nothing, "calls"),
        Figure("Calls", "nothing to do, of which writes", writes, "calls", Limit(most=0)),
        Figure("Calls", "while waiting, an attempt", sum(waiting.values()), "calls", Limit(most=1)),
        *_figures_of_every_setting(),
    ]


def _figures_of_every_setting() -> list[Figure]:
    everything = sync_at_active(lambda aws: make_source(aws, SOURCE), {})
    chain = longest_chain(Delays(), every_setting=True)
    topic = f"All {len(SETTINGS)} settings"
    return [
        Figure(topic, "ACTIVE to in sync", everything.in_sync, "s", Limit(most=MOST_TIMES_THE_LIMIT * chain)),
        Figure(topic, "the longest chain of AWS's own waits", chain, "s"),
        Figure(topic, "full sync, begun at the moment of ACTIVE", len(everything.calls), "calls"),
    ]
