"""A crash after every write of the recorder: run again, it ends in the same state.

Queries of the event history and the restore archive crash in ../integration/test_event_history.py, a restore from a
record in test_crashes.py.
"""

import math
from collections import Counter

import pytest

from tests.proof.records_account import Crash, Recording

WRITES = {"s3:PutObject", "sqs:SendMessage"}


@pytest.fixture(scope="module")
def recording():
    with Recording() as opened:
        yield opened


def run(recording, scenario, crash_at=None):
    """Let the recorder crash after its write of that number; return how many versions it has written of each table."""
    recording.begin()
    writes = []

    def crash_after_write(call):
        writes.append(call)
        if len(writes) == crash_at:
            raise Crash

    before = Counter(version["table"] for version in recording.versions())
    recording.aws.faults.after(
        "*", crash_after_write, math.inf, lambda call: recording.made(call) and call.name in WRITES
    )
    getattr(recording, scenario)()
    recording.run()
    assert recording.queued() == 0
    assert recording.wrong() == []
    assert recording.outdated() == []
    assert crash_at is None or len(writes) >= crash_at
    return Counter(version["table"] for version in recording.versions()) - before, len(writes)


@pytest.mark.parametrize("scenario", ["change", "restore", "delete", "sweep"])
def test_a_crash_after_any_write_of_the_recorder_changes_nothing_in_the_end(recording, figures, scenario):
    written, writes = run(recording, scenario)
    assert written
    strayed = [number for number in range(1, writes + 1) if run(recording, scenario, number)[0] != written]
    figures("crash after every write of the recorder", states=writes, strayed=len(strayed))
    assert strayed == []
