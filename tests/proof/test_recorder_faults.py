"""Every error of every call of the recorder, once and for ever: nothing is lost, the rest is recorded, and it is told.

Errors of one meaning are the same to the recorder. One of each meaning is tried, and in sweeps another meaning from
call to call; or with EVERY_ERROR=1 in the environment, which takes minutes, each error.
"""

from __future__ import annotations

import json
import math
import os

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from table_sync import aws as function_clients
from table_sync.aws import Table
from table_sync.errors import Meaning, meaning
from table_sync.records.record import dumps, loads
from table_sync.records.snapshot import snapshot
from table_sync.settings import SETTINGS
from tests.proof.records_account import EmptyAccount, Recording, first_or_all, one_of_each_meaning
from tests.support.restore_events import arn
from tests.support.restore_history import BUCKET
from tests.support.tables import make_source, make_table

# What is an answer: the table has no policy, or is gone.
ANSWERS = {
    ("dynamodb:DescribeTable", "ResourceNotFoundException"),
    ("dynamodb:GetResourcePolicy", "PolicyNotFoundException"),
}


def described(name):
    table = Table(arn(name))
    table.describe()
    return table


@pytest.fixture
def source():
    """Return an account, a table in it that has every setting, its record, and the calls that read the settings."""
    with EmptyAccount() as account:
        function_clients.start_session()
        make_source(account.aws)
        table = described("orders")
        account.aws.calls.clear()
        record = snapshot(table, None)
        yield account.aws, table, record, sorted({call.name for call in account.aws.calls})
    function_clients.start_session()


def wrong_with(source, call, error):
    """Return what is wrong with the record of a table of which a call fails, "" if nothing is."""
    aws, table, before, _ = source
    aws.faults.add(call, error.code, "on purpose", math.inf, error.status or 400)
    try:
        record = snapshot(Table(table.arn, table.description), before)
    except (BotoCoreError, ClientError) as raised:
        later = meaning(raised) in {Meaning.NOT_READY, Meaning.TRANSIENT}
        return "" if later else f"raised {raised!r}"
    finally:
        aws.faults.clear()
    lost = [name for name, value in before.settings.items() if record.settings.get(name) != value]
    if (call, error.code) in ANSWERS:
        return "" if (lost, record.unreadable) == (["resource_policy"], {}) else f"{lost}, {record.unreadable}"
    named = all(error.code in reason for reason in record.unreadable.values())
    return "" if record.unreadable and named and not lost else f"lost {lost}, unreadable {dict(record.unreadable)}"


def test_a_setting_that_cannot_be_read_is_read_later_or_keeps_its_value(source, figures):
    pairs = [(call, error) for call in source[-1] for error in one_of_each_meaning(call)]
    wrong = {f"{call}: {error}": found for call, error in pairs if (found := wrong_with(source, call, error))}
    figures("errors of reading a setting", calls=len(source[-1]), tried=len(pairs), wrong=len(wrong))
    assert wrong == {}


# How the recorder is asked, about which table a call fails ("" for calls about no single one), and the call. GONE has a
# record, and was deleted. Other calls read one setting of one table, or are those of the event history.
TABLE, OTHER, GONE = "orders", "customers", "payments"
CASES = [
    ("messages", TABLE, "dynamodb:DescribeTable"),
    ("messages", TABLE, "dynamodb:ListTagsOfResource"),
    ("messages", TABLE, "s3:GetObject"),
    ("messages", TABLE, "s3:PutObject"),
    ("messages", GONE, "dynamodb:DescribeTable"),
    ("messages", GONE, "s3:ListObjectsV2"),
    ("messages", GONE, "s3:GetObject"),
    ("messages", GONE, "s3:PutObject"),
    ("messages", "", "sqs:ChangeMessageVisibility"),
    ("sweep", "", "sqs:SendMessage"),
    ("sweep", "", "dynamodb:ListTables"),
    ("sweep", "", "application-autoscaling:DescribeScalableTargets"),
    ("sweep", "", "lambda:ListEventSourceMappings"),
    ("sweep", TABLE, "dynamodb:DescribeTable"),
    ("sweep", TABLE, "dynamodb:ListTagsOfResource"),
    ("sweep", TABLE, "s3:GetObject"),
    ("sweep", TABLE, "s3:PutObject"),
    ("sweep", "", "s3:ListObjectsV2"),
    ("sweep", GONE, "dynamodb:DescribeTable"),
    ("sweep", GONE, "s3:GetObject"),
    ("sweep", GONE, "s3:PutObject"),
]
ONCE, FOR_EVER = 1, math.inf
# Longer than a message comes back soon, until it counts as one that does not help itself.
A_WHILE = 400


class Account(Recording):
    """Two tables and the record of a third one, which is gone. A context manager."""

    def __enter__(self):
        super().__enter__()
        make_table(self.aws, TABLE, indexes=(), items=0, stream_view_type="KEYS_ONLY")
        make_table(self.aws, OTHER, indexes=(), items=0)
        self._lose_messages()
        self.start_sweep()
        self.run()
        self._records = {name: json.loads(dumps(snapshot(described(name), None))) for name in (TABLE, OTHER)}
        return self

    def begin(self):
        """Change both tables, and let the third have a record that does not say that it is gone."""
        self._changes += 1
        self._records[GONE] = self._records[OTHER] | {"table": arn(GONE), "table_id": f"gone-{self._changes}"}
        body = json.dumps(self._records[GONE])
        self.aws.client("s3").put_object(Bucket=BUCKET, Key=loads(body.encode()).key, Body=body)
        for name in (TABLE, OTHER):
            self._tag(name)
        self._lose_messages()
        self.recorder.invocations.clear()

    def ask(self, how):
        """Have the recorder asked."""
        if how == "sweep":
            self.start_sweep()
        else:
            for name in (TABLE, GONE, OTHER):
                self.recorder.send(json.dumps({"table": arn(name)}))

    def late(self):
        """Return the tables whose newest record does not say what is true."""
        tags = {"Tags": [{"Key": "change", "Value": str(self._changes)}]}
        late = []
        for name, record in self._records.items():
            key = loads(json.dumps(record).encode()).key
            found = json.loads(self.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())
            wanted = record["settings"] if name == GONE else record["settings"] | {"tags": tags}
            right = (found["settings"], found["unreadable"], "deleted_at" in found) == (wanted, {}, name == GONE)
            late += [name] * (not right)
        return late

    def metric(self, name):
        """Return the sum of a metric."""
        lines = [json.loads(line) for made in self.recorder.invocations for line in made.log_lines]
        return sum(sum(line[name]) for line in lines if name in line)


@pytest.fixture(scope="module")
def account():
    with Account() as opened:
        yield opened


def violations_of(account, case, error, times):
    """Let a call fail; return what should never be."""
    how, about, call = case
    account.begin()

    def concerns(made):
        return account.made(made) and (not about or about in str(made.parameters))

    if call == "sqs:ChangeMessageVisibility":
        account.aws.faults.add("DescribeTable", "AccessDeniedException", when=concerns)
    fault = account.aws.faults.add(
        call, error.code, "on purpose", math.inf, error.status or 400, first_or_all(times, concerns)
    )
    account.ask(how)
    account.run(A_WHILE)
    late, log = account.late(), account.log()
    told = account.metric("TablesNotRecorded") > 0 or (how == "sweep" and account.metric("SweepsFinished") == 0)
    account.aws.faults.clear()
    account.run()
    found = [] if fault.met else ["the call was not made"]
    found += [f"{name} is not recorded" for name in late if about and name != about]
    named = error.code if error.status else type(error.raised(call)).__name__
    answered = (call, error.code) in ANSWERS
    if late and times == FOR_EVER and not answered:
        found += ["the log does not say why"] * (named not in log and "another recorder was faster" not in log)
        found += ["no alarm goes off"] * (not told)
    found += ["a message stays"] * (account.queued() > 0)
    if account.late():
        # What a sweep has left out for good, and a setting that could not be read, the next one has.
        final = how == "sweep" and meaning(error.raised(call)) is Meaning.FINAL
        found += ["a message is lost"] * (not final and "cannot be read" not in log and not answered)
        account.start_sweep()
        account.run()
        found += [f"{name} is never recorded" for name in account.late()]
    return found


def test_every_call_of_the_recorder_is_tried(account):
    names = set()
    for how in ("messages", "sweep"):
        account.begin()
        account.aws.faults.before("*", lambda call: names.add(call.name), math.inf, account.made)
        account.ask(how)
        account.run()
        account.aws.faults.clear()
        assert account.late() == []
    reads_of_settings = {action for setting in SETTINGS for action in setting.READ_ACTIONS}
    assert names - reads_of_settings <= {call for _, _, call in CASES}


@pytest.mark.parametrize("how", ["messages", "sweep"])
def test_what_fails_is_told_and_made_up_for(account, figures, how):
    states = []
    for number, case in enumerate(case for case in CASES if case[0] == how):
        errors = one_of_each_meaning(case[2])
        if "EVERY_ERROR" in os.environ:
            states += [(case, error, times) for error in errors for times in (ONCE, FOR_EVER)]
            continue
        if how == "sweep":
            errors = [errors[number % len(errors)]]
        states += [(case, error, (ONCE, FOR_EVER)[(number + at) % 2]) for at, error in enumerate(errors)]
    violations = [(*state[:2], found) for state in states if (found := violations_of(account, *state))]
    figures("errors of the recorder's calls", tried=len(states), violations=len(violations))
    assert violations == []
