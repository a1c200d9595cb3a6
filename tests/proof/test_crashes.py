"""A crash after every write of a full sync: redelivery ends in the same state, and nothing is done twice.

A crash before a write leaves what a crash after the write before it does, and a crash after a read adds nothing to
either. So these, and a crash before the first call, are all the states that a crash can leave.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import pytest

from table_sync import aws as function_clients
from table_sync.aws import Table
from table_sync.handler import lambda_handler
from table_sync.records.bucket import Bucket
from table_sync.records.snapshot import snapshot
from table_sync.settings import SETTINGS
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


PARTS = 4


BUCKET = "records-of-settings"


def delete_recorded(aws):
    """Record the source as the recorder does, then delete it."""
    s3, dynamodb = aws.client("s3"), aws.client("dynamodb")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    with pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment().items():
            environment.setenv(name, value)
        function_clients.start_session()
        table = Table(dynamodb.describe_table(TableName="orders")["Table"]["TableArn"])
        table.describe()
        Bucket(BUCKET, "eu-west-1").write(snapshot(table, None), "")
    # The function's clients have its credentials.
    function_clients.start_session()
    dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="orders")
    aws.clock.advance(60)


def full_sync(crash_at=None, *, deleted=False):
    """Restore a table with every setting, and crash once; return what is left.

    Args:
        crash_at: number of the write after which to crash, 0 for a crash before the first call, None for no crash.
        deleted: delete the source before its restored table is ready, so that its record is used.

    Returns:
        both tables' settings, the writes that AWS did, those of them to the source.

    """
    with EmbeddedAWS(start=START) as aws, Pipeline(aws, crashing, RECORDS_BUCKET=BUCKET) as pipeline:
        source_arn = make_source(aws)
        source = settings_of(aws, "orders")
        restore(aws, "orders", "orders-restored")
        if deleted:
            delete_recorded(aws)
        aws.clock.advance(600)
        done = []

        def crash(_):
            raise Crash

        def crash_after_write(call):
            done.extend([call] if call.name in pipeline.writes() else [])
            if len(done) == crash_at and call is done[-1]:
                raise Crash

        if crash_at == 0:
            aws.faults.before("*", crash, when=pipeline.made)
        else:
            aws.faults.after("*", crash_after_write, times=float("inf"), when=pipeline.made)
        pipeline.run()
        names = set(pipeline.writes())
        writes = [call for call in pipeline.calls() if call.name in names and call.done]
        return (
            source if deleted else settings_of(aws, "orders"),
            settings_of(aws, "orders-restored"),
            Counter((call.name, json.dumps(call.parameters, sort_keys=True, default=str)) for call in writes),
            [call.name for call in writes if {"orders", source_arn} & set(map(str, call.parameters.values()))],
        )


@cache
def without_crash(*, deleted=False):
    return full_sync(deleted=deleted)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_after_any_write_changes_nothing_in_the_end(figures, part):
    source, target, writes, _ = without_crash()
    assert target == source
    assert len(writes) > len(SETTINGS)
    numbers = range(part, writes.total() + 1, PARTS)
    strayed = []
    for number in numbers:
        source_then, target_then, writes_then, to_source = full_sync(number)
        twice = {name: count for (name, _), count in writes_then.items() if count > 1}
        if (source_then, target_then, len(writes_then)) != (source, source, len(writes)) or twice or to_source:
            strayed.append((number, twice, to_source))
    figures("crash after every write", states=len(numbers), converged=len(numbers) - len(strayed), strayed=len(strayed))
    assert strayed == []


def test_a_crash_while_a_record_is_applied_changes_nothing_in_the_end(figures):
    source, target, writes, _ = without_crash(deleted=True)
    assert target == source
    # The writes are those of a restore with a live source: a part of them is enough.
    numbers = range(0, writes.total() + 1, 3 * PARTS)
    strayed = []
    for number in numbers:
        _, target_then, writes_then, to_source = full_sync(number, deleted=True)
        twice = {name: count for (name, _), count in writes_then.items() if count > 1}
        if (target_then, len(writes_then)) != (source, len(writes)) or twice or to_source:
            strayed.append((number, twice, to_source))
    figures("crash while a record is applied", states=len(numbers), strayed=len(strayed))
    assert strayed == []
