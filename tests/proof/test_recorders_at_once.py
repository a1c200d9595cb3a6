"""Two recorders and a restore at the same moment, one inside another: the record is right, and the restore in sync.

The others run inside some calls, or with EVERY_CALL=1 in the environment, which takes a minute, inside each call.
"""

from __future__ import annotations

import json
import math
import os

import pytest

from table_sync.aws import Table
from table_sync.records.snapshot import snapshot
from tests.proof.records_account import AN_HOUR, Recording
from tests.support.pipeline import Pipeline
from tests.support.restore_events import arn
from tests.support.restore_history import BUCKET, RECORDER
from tests.support.tables import make_source, make_table, of_table, settings_of

FUNCTION = "table-sync"
# A table with every setting, and one with few, which is deleted and restored.
FULL, PLAIN = "orders", "payments"


class Account(Recording):
    """Recorder and function behind their queues, and two tables. A context manager."""

    def __enter__(self):
        super().__enter__()
        self.pipeline = Pipeline(self.aws, service=self.recorder.service, RECORDS_BUCKET=BUCKET).__enter__()
        self.aws.restore_seconds = 5
        make_source(self.aws, FULL)
        make_table(self.aws, PLAIN, indexes=())
        self.aws.client("dynamodb").tag_resource(ResourceArn=arn(PLAIN), Tags=[{"Key": "team", "Value": "sales"}])
        stream = self.describe(FULL).stream_arn
        self.mapping = self.aws.client("lambda").list_event_source_mappings(EventSourceArn=stream)
        return self

    def __exit__(self, *raised):
        self.pipeline.__exit__()
        super().__exit__(*raised)

    def begin(self):
        """Record all tables as they are; after that, they are so at the end of each run."""
        self._lose_messages()
        self.start_sweep()
        self.run()

    def change(self):
        """Change what DescribeTable, two lists of the Region and a read of the table alone show; have it recorded."""
        self._changes += 1
        dynamodb = self.aws.client("dynamodb")
        dynamodb.update_table(TableName=FULL, DeletionProtectionEnabled=bool(self._changes % 2))
        dynamodb.tag_resource(ResourceArn=arn(FULL), Tags=[{"Key": "change", "Value": str(self._changes)}])
        uuid = self.mapping["EventSourceMappings"][0]["UUID"]
        self.aws.client("lambda").update_event_source_mapping(UUID=uuid, BatchSize=self._changes)
        self.aws.client("cloudwatch").put_metric_alarm(
            AlarmName="changed",
            Namespace="AWS/DynamoDB",
            MetricName="ReadThrottleEvents",
            Dimensions=of_table(FULL),
            Statistic="Sum",
            Period=60,
            Threshold=float(self._changes),
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        self._lose_messages()

    def ask(self):
        """Ask for the table to be recorded."""
        self.recorder.send(json.dumps({"table": arn(FULL)}))

    def take(self):
        """Take the message that has just come to the recorder; return its body."""
        return self.aws.sqs.queue(self.recorder.function.queue_arn).stored.pop().body

    def delete(self):
        """Delete the plain table, which is to be recorded."""
        self.aws.client("dynamodb").delete_table(TableName=PLAIN)
        self.aws.clock.advance(10)

    def restore(self):
        """Restore the plain table under its own name, of which there is an event to recorder and function."""
        dynamodb = self.aws.client("dynamodb")
        backups = dynamodb.list_backups(TableName=PLAIN, BackupType="SYSTEM")["BackupSummaries"]
        last = max(backups, key=lambda backup: backup["BackupCreationDateTime"])
        dynamodb.restore_table_from_backup(BackupArn=last["BackupArn"], TargetTableName=PLAIN)

    def poll(self):
        """Let recorder and function do what is in their queues now."""
        self.aws.clock.advance(65)  # messages of restores are delayed
        invocations = self.recorder.service.poll_once()
        assert [invocation.error for invocation in invocations if invocation.error] == []

    def inside(self, number, made, intrude):
        """Run `intrude` inside the call of that number of those that `made` tells, and let all work until it is done.

        Without a number it runs afterwards. Returns the names of the calls.
        """
        calls = []

        def strike(call):
            # What intrudes meets this, too.
            calls.append(call.name)
            if len(calls) == number:
                intrude()

        self.aws.faults.before("*", strike, math.inf, made)
        self.poll()
        self.aws.faults.clear()
        if number is None:
            intrude()
        self.aws.clock.advance(10)  # ListTagsOfResource lags, and CloudTrail's events take minutes
        self.run()
        assert number is None or len(calls) >= number
        return calls

    @staticmethod
    def describe(name):
        table = Table(arn(name))
        table.describe()
        return table

    def wrong(self, name):
        """Return what the record of a table has otherwise than the table."""
        table = self.describe(name)
        now = snapshot(table, None)
        body = self.aws.client("s3").get_object(Bucket=BUCKET, Key=now.key)["Body"].read()
        record = json.loads(body)
        wrong = [key for key in now.settings if now.settings[key] != record["settings"].get(key)]
        return wrong + sorted(record["unreadable"]) + ["deleted_at"] * ("deleted_at" in record)


@pytest.fixture(scope="module")
def account():
    with Account() as opened:
        yield opened


def some(calls):
    """Return the numbers of S3's calls and those right after them, and of the first call of each service."""
    services = [name.partition(":")[0] for name in calls]
    return [
        number + 1
        for number, service in enumerate(services)
        if "s3" in services[max(0, number - 1) : number + 1] or service not in services[:number]
    ]


def strayed(run, figures, name, *, every=False):
    """Return after which numbers something is wrong; `run` takes a number and returns the calls and what is wrong."""
    calls, wrong = run(None)
    assert wrong == []
    numbers = range(1, len(calls) + 1) if every or "EVERY_CALL" in os.environ else some(calls)
    found = [(number, calls[number - 1], wrong) for number in numbers if (wrong := run(number)[1])]
    figures(f"at once: {name}", calls=len(calls), tried=len(numbers), strayed=len(found))
    return found


@pytest.mark.parametrize("outer", ["message", "sweep"])
def test_a_recorder_inside_another_undoes_nothing(account, figures, outer):
    account.begin()

    def run(number):
        account.change()
        if outer == "message":
            account.ask()
        else:
            account.start_sweep()

        def intrude():
            account.change()
            account.ask()
            account.poll()

        calls = account.inside(number, account.made, intrude)
        return calls, account.wrong(FULL)

    assert strayed(run, figures, f"a recorder inside another's {outer}") == []


@pytest.mark.parametrize(
    ("outer", "asked"), [(RECORDER, "event"), (RECORDER, "table"), (FUNCTION, "both")], ids=lambda value: value
)
def test_a_restore_and_two_recorders_end_in_one_record_and_in_sync(account, figures, outer, asked):
    """A table is deleted and restored under its own name.

    A recorder that is asked by an event of the deletion or by the table's name has the restore, the function and
    another recorder inside it, which is asked in the other way; or the function has both recorders inside it.
    """
    account.begin()

    def run(number):
        # What a restore uses was in force an hour before the table was deleted.
        account.aws.clock.advance(2 * AN_HOUR)
        before, lost = settings_of(account.aws, PLAIN), snapshot(account.describe(PLAIN), None).key
        account.delete()
        by_event, by_name = account.take(), json.dumps({"table": arn(PLAIN)})
        if outer == FUNCTION:
            account.restore()
        else:
            account.recorder.send(by_event if asked == "event" else by_name)

        def intrude():
            if outer == RECORDER:
                account.restore()
            if asked != "event":
                account.recorder.send(by_event)
            if asked != "table":
                account.recorder.send(by_name)
            account.poll()

        def made(call):
            return account.made_by(outer)(call) and (outer == RECORDER or call.service == "s3")

        calls = account.inside(number, made, intrude)
        account.aws.clock.advance(120)  # what is still ENABLING
        now = settings_of(account.aws, PLAIN)
        closed = sum("deleted_at" in version for version in account.versions(lost))
        wrong = account.wrong(PLAIN) + [f"{name} is lost" for name in before if now[name] != before[name]]
        wrong += [f"the old record says {closed} times that its table is deleted"] * (closed != 1)
        wrong += [str(letter["reason"]) for letter in account.pipeline.quarantined]
        return calls, wrong

    assert strayed(run, figures, "a restore and two recorders", every=True) == []
