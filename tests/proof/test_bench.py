"""The figures of `make bench` that never vary keep their limits, and its model of the queue is right."""

from __future__ import annotations

import random

import pytest

from tests.bench import lag, sync_figures
from tests.bench.figure import Figure, Limit
from tests.bench.yardstick import SAMPLE_SECONDS, START, longest_chain
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.delays import Delays
from tests.support.pipeline import Pipeline
from tests.support.tables import make_table, restore


def test_limits_are_kept(figures):
    sync = sync_figures.sync_from_queue()
    measured = [*sync_figures.figures(sync), *lag.figures(sync, seeds=200)]
    figures("bench", **{f"{figure.topic}, {figure.name}": figure.value for figure in measured if figure.limit})
    # What AWS itself is in the way of: see the reasons that the figures give.
    assert [figure.name for figure in measured if figure.verdict == "missed"] == [
        "times as fast as the SAM sample",
        "full sync, begun at the moment of ACTIVE",
    ]


@pytest.mark.parametrize("seconds", [300, 3600])
def test_model_of_the_queue_looks_when_the_queue_lets_the_function_look(seconds):
    expected = lag.looks(seconds, seed=7)
    with EmbeddedAWS(start=START) as aws, Pipeline(aws) as pipeline:
        make_table(aws, "orders")
        aws.restore_seconds = seconds
        restore(aws, "orders", "orders-restored")
        active_at = aws.clock.now() + seconds
        random.seed(7)
        pipeline.run()
        looked_at = pipeline.invocations[-1].at
    assert (looked_at - active_at, len(pipeline.attempts)) == (pytest.approx(expected.lag, abs=0.1), expected.attempts)


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


def test_default_that_is_not_there_is_an_error():
    with pytest.raises(LookupError, match="no default of no_such_input"):
        lag.default_of("no_such_input")
