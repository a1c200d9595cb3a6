"""Every error of every call of the event history and the restore archive: a restore is processed once, and not lost.

One error of each call is tried, or with EVERY_ERROR=1 in the environment, which takes minutes, each error.
"""

import json
import math
import os
from collections import Counter

import pytest

from tests.proof.records_account import EmptyAccount, errors_of, first_or_all
from tests.support.outcomes import Listener
from tests.support.restore_history import FIVE_MINUTES, RecordedPipeline
from tests.support.tables import make_table, restore

# Calls, and what the keys of their objects begin with: what queries leave, or the archive.
CALLS = [
    ("cloudtrail:LookupEvents", ""),
    ("s3:GetObject", "event_history/"),
    ("s3:ListObjectsV2", "restores/"),
    ("s3:PutObject", "event_history/"),
    ("sqs:SendMessage", ""),
    ("s3:PutObject", "restores/"),
    ("s3:GetObject", "restores/"),
]


class EventHistory(EmptyAccount):
    """A table without a trail, whose restores only the event history reports. A context manager."""

    def __enter__(self):
        super().__enter__()
        self.pipeline = RecordedPipeline(self.aws).__enter__()
        self.listener = Listener(self.aws)
        make_table(self.aws, "orders", indexes=(), items=0)
        self.aws.cloudtrail.trail = False
        self.pipeline.look_up()
        self.restores = 0
        return self

    def __exit__(self, *raised):
        self.pipeline.__exit__()
        super().__exit__(*raised)

    def run(self, queries):
        """Query so often, every five minutes; return the lines of all invocations since the last time."""
        self.pipeline.invocations.clear()
        lines = []
        for _ in range(queries):
            lines += self.pipeline.look_up().log_lines
            self.pipeline.run_for(FIVE_MINUTES)
        self.pipeline.run()
        return lines + [line for invocation in self.pipeline.invocations for line in invocation.log_lines]

    def announced(self):
        """Return how often the outcome of each restore was announced since the last time."""
        return Counter(event["detail"]["target"].rpartition("/")[2] for event in self.listener.take())


@pytest.fixture(scope="module")
def history():
    with EventHistory() as opened:
        yield opened


def violations_of(history, call, error, times):
    """Let a call fail; return what should never be."""
    name, prefix = call
    operation = name.partition(":")[2]
    history.restores += 1
    target = f"copy-{history.restores}"
    # It goes on when the function looks first: the second attempt reads the archive.
    history.aws.restore_seconds = 900
    restore(history.aws, "orders", target)
    history.aws.clock.advance(120)

    def concerns(made):
        of_function = made.principal is not None and ":assumed-role/table-sync" in made.principal.arn
        return of_function and str(made.parameters.get("Key", made.parameters.get("Prefix", ""))).startswith(prefix)

    meets = first_or_all(times, concerns)
    fault = history.aws.faults.add(name, error.code, "on purpose", math.inf, error.status or 400, meets)
    lines = history.run(queries=3)
    during = history.announced()
    history.aws.faults.clear()
    history.run(queries=2)
    named = error.code if error.status else type(error.raised(operation)).__name__
    # Whoever is overtaken, or told that it may not read what is not there, goes on another way.
    silent = times == 1 or error.status in {403, 409, 412} or operation == "GetObject"
    found = [] if fault.met else ["the call was not made"]
    if not during and not any(named in line for line in lines):
        found.append("nothing says why the restore is not processed")
    if not silent and not any(named in line for line in lines):
        found.append("no reason in the log")
    if during + history.announced() != {target: 1}:
        found.append(f"announced {dict(during)} while it failed")
    if history.pipeline.quarantined:
        found.append("in the dead-letter queue")
    if not any(json.loads(line).get("outcome") == "in_sync" for line in lines) and during:
        found.append("not in sync")
    return found


def test_a_restore_is_processed_once_whatever_fails(history, figures):
    every = "EVERY_ERROR" in os.environ
    tried, violations = 0, []
    for number, call in enumerate(CALLS):
        errors = errors_of(*call[0].split(":"))
        for at, error in enumerate(errors):
            for times in (1, math.inf):
                if not every and (at, times) != (number % len(errors), math.inf if number % 2 else 1):
                    continue
                found = violations_of(history, call, error, times)
                violations += [(call, str(error), times, found)] * bool(found)
                tried += 1
    figures("errors of the event history's and the archive's calls", tried=tried, violations=len(violations))
    assert violations == []
