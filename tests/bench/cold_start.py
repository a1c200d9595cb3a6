"""How long a new execution environment takes, as a process, beside one that only makes a boto3 client; and its memory.

Of each the fastest run counts: whatever else the machine does can only add.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from scripts.terraform_files import defaults
from tests.bench.figure import Figure, Limit
from tests.bench.yardstick import EVERY_SETTING
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.delays import Delays
from tests.support.embedded_aws.lambda_service.sqs_event import sqs_event
from tests.support.restore_events import point_in_time
from tests.support.tables import make_table, restore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIST = Path(__file__).parents[2] / "lambda_src" / "dist"
RUNS = 9
KILOBYTES = 1024
MOST_TIMES_BARE = 1.5

_MEASURE = """
import json, re, sys, time
begin, cpu_begin = time.perf_counter(), time.process_time()
{work}
seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
# Not ru_maxrss, in which a process may find what its parent had (getrusage(2), execve(2)).
kilobytes = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
print(json.dumps({{"seconds": seconds, "cpu_seconds": cpu_seconds, "kilobytes": kilobytes, **figures}}))
"""
_BARE = _MEASURE.format(work='import boto3\nboto3.client("dynamodb")\nfigures = {}')
_FUNCTION = _MEASURE.format(
    work="""
import table_sync.handler
figures = {"import_seconds": time.perf_counter() - begin}
class Context:
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:table-sync"
    def get_remaining_time_in_millis(self): return 120_000
answer = table_sync.handler.lambda_handler(json.loads(sys.argv[1]), Context())
assert answer.get("batchItemFailures") or answer.get("outcome") == "in_sync", answer
"""
)


@dataclass(frozen=True)
class ColdStart:
    """What the processes measured: seconds, cpu_seconds, kilobytes, import_seconds."""

    bare: Sequence[Mapping[str, float]]
    function: Sequence[Mapping[str, float]]
    sync: Mapping[str, float]

    def times(self, measure: str) -> float:
        """How many times as much as the bare client."""
        return _least(self.function, measure) / _least(self.bare, measure)


def measure(runs: int = RUNS) -> ColdStart:
    """Run both in turn, so that a busy moment of the machine meets both.

    The function is what the zips hold, without bytecode, since Lambda's /var/task and /opt cannot be written to. Its
    first call finds a table that is CREATING and hands the message back: two clients and two calls.
    """
    with tempfile.TemporaryDirectory() as directory, EmbeddedAWS(server=True) as aws:
        for name in ("function", "layer"):
            zipfile.ZipFile(DIST / f"{name}.zip").extractall(directory)
        invocation = _finished_restore(aws)
        event, variables = _waiting_restore(aws)
        site_packages = str(Path(boto3.__file__).parents[1])
        environment = {
            **aws.environment(),
            "AWS_LAMBDA_FUNCTION_NAME": "table-sync",
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([directory, f"{directory}/python", site_packages]),
            **variables,
        }
        _run(_FUNCTION, environment, event)  # the embedded AWS has its own first call
        pairs = [(_run(_BARE, environment), _run(_FUNCTION, environment, event)) for _ in range(runs)]
        sync = _run(_FUNCTION, environment | dict(EVERY_SETTING.variables), invocation)
    bare, function = zip(*pairs, strict=True)
    return ColdStart(bare, function, sync)


def _least(runs: Sequence[Mapping[str, float]], measure: str) -> float:
    return min(run[measure] for run in runs)


def _waiting_restore(aws: EmbeddedAWS) -> tuple[str, dict[str, str]]:
    """Return the SQS event of a restore that goes on, and the function's variables."""
    make_table(aws, "orders")
    aws.restore_seconds = 3600
    restore(aws, "orders", "orders-restored")
    called_at = datetime.fromtimestamp(aws.clock.now(), UTC)
    body = json.dumps(point_in_time("orders", "orders-restored", eventTime=f"{called_at:%Y-%m-%dT%H:%M:%SZ}"))
    sqs = aws.client("sqs")
    queue_url = sqs.create_queue(QueueName="table-sync", Attributes={"VisibilityTimeout": "43200"})["QueueUrl"]
    sqs.send_message(QueueUrl=queue_url, MessageBody=body)
    messages = sqs.receive_message(QueueUrl=queue_url, MessageSystemAttributeNames=["All"])["Messages"]
    event = sqs_event(messages, f"arn:aws:sqs:eu-west-1:{aws.account}:table-sync")
    return json.dumps(event), {"QUEUE_URL": queue_url, "DLQ_URL": queue_url}


def _finished_restore(aws: EmbeddedAWS) -> str:
    """Return the invocation that syncs a restored table with every setting; AWS is quick, since the function waits."""
    EVERY_SETTING.make(aws, "customers")
    aws.delays = Delays(stream=0, table_class=0, continuous_backups=0, kinesis=0, contributor_insights=0, mapping=0)
    aws.restore_seconds = 0
    restore(aws, "customers", "customers-restored")
    return json.dumps({"source_table": "customers", "target_table": "customers-restored"})


def _run(code: str, environment: dict[str, str], *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-S", "-c", code, *arguments]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if process.returncode:
        raise RuntimeError(f"The process that was to be measured failed: {process.stderr.strip().splitlines()[-1]}")
    measured: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return measured


def figures(runs: int = RUNS) -> list[Figure]:
    """Measure the cold start; a machine's own figures, but for the ratio."""
    cold = measure(runs)
    times = Limit(most=MOST_TIMES_BARE)
    memory = Limit(most=defaults()["memory_size"])
    first_call = max(run["kilobytes"] for run in cold.function) / KILOBYTES
    of_sync = cold.sync["kilobytes"] / KILOBYTES
    return [
        Figure("Cold start", "import boto3, and one client", _least(cold.bare, "seconds"), "s", steady=False),
        Figure("Cold start", "the function's import", _least(cold.function, "import_seconds"), "s", steady=False),
        Figure(
            "Cold start", "the function's import and first call", _least(cold.function, "seconds"), "s", steady=False
        ),
        Figure("Cold start", "times as long", cold.times("seconds"), "", times, steady=False),
        Figure("Cold start", "times the processor's time", cold.times("cpu_seconds"), "", times, steady=False),
        Figure("Peak memory", "the first call", first_call, "MB", memory, steady=False),
        Figure("Peak memory", "a sync of every setting", of_sync, "MB", memory, steady=False),
    ]
