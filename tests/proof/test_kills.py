"""The runtime process killed in the middle of a full sync: redelivery ends in the same state, nothing is done twice."""

from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.lambda_service import ChildProcessRuntime, LambdaService
from tests.support.pipeline import Pipeline
from tests.support.tables import make_source, restore, settings_of

DIST = Path(__file__).parents[2] / "lambda_src" / "dist"
# A write of each service.
WRITES = ("UpdateTable", "CreateEventSourceMapping", "PutScalingPolicy")
POSITIONS = ("before", "after")


@pytest.fixture(scope="module")
def pipeline():
    """Deploy the package as it is released, and make a source with every setting."""
    with EmbeddedAWS(server=True) as aws:
        runtime = ChildProcessRuntime(aws.endpoint_url, sleep=aws.clock.sleep)
        with Pipeline(aws, service=LambdaService(aws, runtime)) as deployed:
            client = aws.client("lambda")
            layer = client.publish_layer_version(
                LayerName="layer", Content={"ZipFile": (DIST / "layer.zip").read_bytes()}
            )
            client.update_function_code(FunctionName="table-sync", ZipFile=(DIST / "function.zip").read_bytes())
            client.update_function_configuration(
                FunctionName="table-sync",
                Handler="table_sync.handler.lambda_handler",
                Layers=[layer["LayerVersionArn"]],
            )
            make_source(aws)
            yield deployed


def kill(pipeline):
    """Kill the process that runs the function, as the failure of its machine would."""
    for environment in pipeline.service._runtime._all:  # noqa: SLF001 (no one else knows the process)
        os.kill(environment._process.pid, signal.SIGKILL)  # noqa: SLF001 (as above)


def sync(pipeline, operation, position):
    """Restore a table, kill the process once, before or after AWS does the operation, and return what is wrong."""
    aws = pipeline.aws
    target = f"{operation}-{position}"
    aws.calls.clear()
    pipeline.invocations.clear()

    def strike(call):
        kill(pipeline)
        raise ConnectionError(call.name)

    source = settings_of(aws, "orders")
    restore(aws, "orders", target)
    aws.clock.advance(600)
    getattr(aws.faults, position)(operation, strike, when=pipeline.made)
    pipeline.run()
    aws.clock.advance(120)  # what is still ENABLING

    ends = [invocation.error["errorMessage"] if invocation.error else "" for invocation in pipeline.invocations]
    writes = Counter(
        (call.name, json.dumps(call.parameters, sort_keys=True, default=str))
        for call in pipeline.calls()
        if call.done and call.name in pipeline.writes()
    )
    expected = {
        "killed, then well": [end.partition("signal: ")[2] for end in ends] == ["killed", ""],
        "in sync": settings_of(aws, target) == source,
        "source as it was": settings_of(aws, "orders") == source,
        "nothing in the dead-letter queue": pipeline.quarantined == [],
        "nothing done twice": set(writes.values()) == {1},
        # The event that tells the outcome names both.
        "source not written to": not any(
            re.search('(table/|")orders["/]', parameters) for name, parameters in writes if name != "events:PutEvents"
        ),
    }
    return [name for name, so in expected.items() if not so]


def test_a_killed_process_changes_nothing_in_the_end(pipeline, figures):
    kills = [(operation, position) for operation in WRITES for position in POSITIONS]
    strayed = [(*kill_at, wrong) for kill_at in kills if (wrong := sync(pipeline, *kill_at))]
    figures("kill of the process", kills=len(kills), converged=len(kills) - len(strayed), strayed=len(strayed))
    assert strayed == []
