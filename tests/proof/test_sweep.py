"""A sweep stays at half of the request rates that AWS documents, and needs few calls for a table.

`make sweep` sweeps 10,000 tables.
"""

import os
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest

from scripts import record_costs
from table_sync.recorder import lambda_handler
from tests.bench.lag import CALL_SECONDS
from tests.proof.fleet import make_fleet
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.rate_limits import QUOTAS
from tests.support.recorder import BUCKET, DeployedRecorder

TABLES = int(os.environ.get("SWEEP_TABLES", "80"))
MOST_CALLS = 8
FIRST, DAILY = "the first, whose calls take no time", f"unchanged, a call takes {CALL_SECONDS} s"


@dataclass
class Sweep:
    """What one sweep took."""

    seconds: float = 0
    """From its start to its end."""
    billed: list[float] = field(default_factory=list)
    """How long each of its invocations was, in seconds."""
    written_bytes: int = 0
    calls: Counter = field(default_factory=Counter)
    errors: Counter = field(default_factory=Counter)
    times: defaultdict = field(default_factory=lambda: defaultdict(list))
    """By the name of a quota, when the calls were made of which it limits the rate."""

    def busiest(self, quota):
        """Return the most calls within a second."""
        times = sorted(self.times[quota.name])
        return max((bisect_left(times, at + 1 - 1e-6) - index for index, at in enumerate(times)), default=0)


class Sweeps:
    """The recorder of a fleet, and what its sweeps took."""

    def __init__(self, aws):
        self.aws = aws
        self.recorder = DeployedRecorder(aws, handler=self._count)

    def run(self, call_seconds):
        self.aws.delays.call = call_seconds
        self.sweep, started = Sweep(), self.aws.clock.now()
        self.recorder.sweep()
        self.sweep.seconds = self.aws.clock.now() - started
        return self.sweep

    def _count(self, event, context):
        started = self.aws.clock.now()
        try:
            return lambda_handler(event, context)
        finally:
            self.sweep.billed.append(self.aws.clock.now() - started)
            for call in self.recorder.calls():
                self.sweep.calls[call.name] += 1
                self.sweep.errors[call.error] += 1
                for quota in QUOTAS:
                    if quota.covers(self.aws, call):
                        self.sweep.times[quota.name].append(call.at)
            # What is counted is dropped: the calls of 10,000 tables would fill the memory.
            self.aws.calls.clear()


@pytest.fixture(scope="module")
def sweeps(figures):
    """Sweep tables twice: first without records, as fast as the recorder's pace allows, then as AWS may allow it."""
    with EmbeddedAWS() as aws, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment().items():
            environment.setenv(name, value)
        sweeps = Sweeps(aws)
        with sweeps.recorder as recorder:
            make_fleet(aws, TABLES)
            aws.sqs.queue(recorder.function.queue_arn).stored.clear()
            aws.calls.clear()
            aws.rate_limits.enforced = True
            made = {FIRST: sweeps.run(call_seconds=0), DAILY: sweeps.run(CALL_SECONDS)}
            assert recorder.metric("TablesRecorded") == 2 * TABLES
            assert recorder.metric("TablesNotRecorded") == 0
            pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            made[FIRST].written_bytes = sum(found["Size"] for page in pages for found in page["Contents"])
    # What the first one would be billed were its calls as slow: it makes as many.
    made[FIRST].billed = made[DAILY].billed
    for name, sweep in made.items():
        figures(f"sweep of {TABLES} tables, {name}", **described(sweep))
    return made


def described(sweep):
    """Return the figures of a sweep as text."""
    each = {name: count / TABLES for name, count in sweep.calls.most_common()}
    rates = {quota.name: (sweep.busiest(quota), quota.per_second) for quota in QUOTAS if sweep.times[quota.name]}
    cost = record_costs.of_sweep(sweep.calls, sweep.billed)
    return {
        "duration": f"{sweep.seconds / 60:.1f} min",
        "calls": f"{sum(each.values()):.2f} a table ({'; '.join(f'{name} {n:.3g}' for name, n in each.items())})",
        "most a second": "; ".join(f"{name} {busiest} of {most:g}" for name, (busiest, most) in rates.items()),
        "records": f"{sweep.written_bytes / TABLES:.0f} bytes a table",
        "cost": f"${sum(cost.values()):.4f} ({', '.join(f'{name} ${usd:.4f}' for name, usd in cost.items())})",
    }


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda quota: quota.name)
def test_half_of_each_documented_rate_is_left(sweeps, quota):
    # Calls that are evenly spaced at half the rate: a second may begin and end with one.
    assert [name for name in sweeps if sweeps[name].busiest(quota) > quota.per_second / 2 + 1] == []


@pytest.mark.parametrize("name", [FIRST, DAILY])
def test_nothing_is_throttled(sweeps, name):
    assert set(sweeps[name].errors) == {None, "PolicyNotFoundException"}


@pytest.mark.parametrize("name", [FIRST, DAILY])
def test_a_table_needs_few_calls(sweeps, name):
    assert sum(sweeps[name].calls.values()) / TABLES <= MOST_CALLS


def test_only_the_first_sweep_writes(sweeps):
    assert [sweeps[name].calls["s3:PutObject"] for name in (FIRST, DAILY)] == [TABLES, 0]


@pytest.mark.parametrize("name", [FIRST, DAILY])
def test_it_costs_no_more_than_the_readme_says(sweeps, name):
    sweep = sweeps[name]
    said = record_costs.expected(TABLES, is_first=name == FIRST)
    assert sum(sweep.billed) <= said.seconds
    assert sweep.written_bytes <= TABLES * record_costs.RECORD_BYTES
    assert sum(record_costs.of_sweep(sweep.calls, sweep.billed).values()) <= sum(said.costs.values())
