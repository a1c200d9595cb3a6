"""A crash before and after every call of a full sync: redelivery ends in the same state, and nothing is done twice."""

from __future__ import annotations

import json
from collections import Counter

from table_sync.handler import lambda_handler
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.pipeline import Pipeline
from tests.support.tables import make_source, restore, settings_of

# The same in each run, so that all end with the same settings: 2027-01-15.
START = 1_800_000_000.0


class Crash(BaseException):
    """The end of the runtime process: nothing in the function may catch it."""


def crashing(event, context):
    """Run the function; a crash is what it is to Lambda: an invocation that has no answer."""
    try:
        return lambda_handler(event, context)
    except Crash as crash:
        raise RuntimeError("Runtime exited with error: signal: killed") from crash


def full_sync(position="before", number=None):
    """Restore a table with every setting and crash once, at the function's call of that number; return what is left.

    Returns:
        names of the function's calls, both tables' settings, the writes that AWS took, those of them to the source.

    """
    with EmbeddedAWS(start=START) as aws, Pipeline(aws, crashing) as pipeline:
        source_arn = make_source(aws)
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(600)
        calls, never_done = [], []

        def strike(call):
            calls.append(call.name)
            if len(calls) == number:
                never_done.extend([call] if position == "before" else [])
                raise Crash

        getattr(aws.faults, position)("*", strike, times=float("inf"), when=pipeline.made)
        pipeline.run()
        names = set(pipeline.writes())
        writes = [
            call for call in pipeline.calls() if call.name in names and call.error is None and call not in never_done
        ]
        return (
            calls,
            settings_of(aws, "orders"),
            settings_of(aws, "orders-restored"),
            Counter((call.name, json.dumps(call.parameters, sort_keys=True, default=str)) for call in writes),
            [call.name for call in writes if {"orders", source_arn} & set(map(str, call.parameters.values()))],
        )


def test_a_crash_before_or_after_any_call_changes_nothing_in_the_end(figures):
    calls, source, target, writes, _ = full_sync()
    assert target == source
    converged, strayed = 0, []
    for position in ("before", "after"):
        for number in range(1, len(calls) + 1):
            _, source_then, target_then, writes_then, to_source = full_sync(position, number)
            twice = {name: count for (name, _), count in writes_then.items() if count > 1}
            same = (source_then, target_then, len(writes_then)) == (source, source, len(writes))
            if same and not twice and not to_source:
                converged += 1
            else:
                strayed.append((position, number, calls[number - 1], twice))
    figures("crash at every call", calls=len(calls), positions=2, converged=converged, strayed=len(strayed))
    assert strayed == []
