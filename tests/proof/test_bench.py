"""The figures of `make bench` that never vary keep their limits, and its model of the queue is right."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.bench import cold_start, lag, sync_figures
from tests.bench.figure import Figure, Limit
from tests.bench.yardstick import OUTCOME_EVENT_CALLS, PASS_CALLS, SAMPLE_SECONDS, START, longest_chain
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.delays import Delays
from tests.support.pipeline import Pipeline
from tests.support.tables import make_table, restore


def test_limits_are_kept(figures):
    sync = sync_figures.sync_from_queue()
    measured = [*sync_figures.figures(sync), *lag.figures(sync, seeds=200)]
    figures("bench", **{f"{figure.topic}, {figure.name}": figure.value for figure in measured if figure.limit})
    assert [figure.sentence for figure in measured if figure.verdict == "missed"] == []


def test_calls_of_a_pass_are_those_that_it_needs():
    assert len(sync_figures.sync_from_queue().calls) == sum(PASS_CALLS.values()) + OUTCOME_EVENT_CALLS


def test_only_point_in_time_recovery_is_repeated_at_the_moment_of_active():
    later, at_active = (
        Counter(call.name for call in sync.calls)
        for sync in (sync_figures.sync_from_queue(), sync_figures.sync_at_active())
    )
    assert at_active - later == {"dynamodb:DescribeContinuousBackups": 1, "dynamodb:UpdateContinuousBackups": 1}
    assert later - at_active == {"events:PutEvents": 1}


def test_cold_start_runs_the_committed_packages():
    memory = {figure.name: figure for figure in cold_start.figures(runs=1) if figure.topic == "Peak memory"}
    assert {name: figure.verdict for name, figure in memory.items()} == {
        "the first call": "ok",
        "a sync of every setting": "ok",
    }


@pytest.mark.parametrize("seconds", [300, 3600])
def test_model_of_the_queue_makes_attempts_when_the_queue_does(seconds):
    expected = lag.simulate(seconds, seed=7)
    with EmbeddedAWS(start=START) as aws, Pipeline(aws) as pipeline:
        make_table(aws, "orders")
        aws.restore_seconds = seconds
        restore(aws, "orders", "orders-restored")
        active_at = aws.clock.now() + seconds
        random.seed(7)
        pipeline.run()
        noticed_at = pipeline.invocations[-1].at
    assert (noticed_at - active_at, len(pipeline.attempts)) == (pytest.approx(expected.lag, abs=0.1), expected.attempts)


def test_faster_than_the_longest_chain_of_aws_is_impossible():
    assert sync_figures.sync_at_active().in_sync >= longest_chain(Delays())
    assert SAMPLE_SECONDS == 96


@pytest.mark.parametrize(
    ("limit", "verdicts"),
    [
        (Limit(most=32), {31: "ok", 32: "ok", 33: "missed"}),
        (Limit(least=8), {8: "ok", 7.9: "missed"}),
        (Limit(least=8, reason="AWS takes longer"), {8: "ok", 7.9: "missed"}),
        (None, {1: ""}),
    ],
)
def test_verdict(limit, verdicts):
    assert {value: Figure("Time", "of a thing", value, "s", limit).verdict for value in verdicts} == verdicts


def test_figure_that_misses_its_limit_says_so_in_a_sentence():
    figure = Figure("Time", "ACTIVE to in sync", 20.5, "s", Limit(most=18.125, reason="the queue is slow"))
    expected = "Time, ACTIVE to in sync: 20.5 s, where at most 18.125 is wanted, because the queue is slow."
    assert figure.sentence == expected
