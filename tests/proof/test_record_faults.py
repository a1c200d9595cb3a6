"""Every error of every call for records that a restore makes, once and for ever.

No message is lost, nothing but the right version of the right record is applied, and a restore whose source is live
neither waits nor fails. One error of each meaning is tried, or with EVERY_ERROR=1 in the environment, which takes
minutes, each error.
"""

import itertools
import math
from dataclasses import dataclass

import pytest

from table_sync.errors import Meaning, meaning
from tests.proof.fault_matrix import Error
from tests.proof.records_account import EmptyAccount, first_or_all, one_of_each_meaning
from tests.support.recorder import record_table
from tests.support.restore_history import BUCKET, RecordedPipeline
from tests.support.tables import make_table, restore, settings_of, wait_until_active

GONE, LIVE = "orders", "customers"
TAGS = [{"Key": "team", "Value": "payments"}]
AN_HOUR = 3600
# One for the restore that goes on, and few, so that for ever has an end.
MAX_ATTEMPTS = 4
ONCE, FOR_EVER = 1, math.inf


class Account(EmptyAccount):
    """A table that is live, and one that was deleted half an hour after somebody took its tags away. A context manager.

    An older table had the name of the second, and has a record too.
    """

    def __enter__(self):
        super().__enter__()
        self.aws.restore_seconds = 70  # it goes on when the function looks first
        self.pipeline = RecordedPipeline(
            self.aws, max_attempts=MAX_ATTEMPTS, MAX_ATTEMPTS=str(MAX_ATTEMPTS), BACKOFF_BASE_SECONDS="60"
        ).__enter__()
        self.targets = 0
        self._make(GONE, "NEW_IMAGE", [{"Key": "team", "Value": "of another table"}])
        record_table(GONE)
        self._delete(GONE)
        self._make(LIVE, "KEYS_ONLY", TAGS)
        self.backup_of_live = self._back_up(LIVE)
        arn = self._make(GONE, "KEYS_ONLY", TAGS)
        self.expected = settings_of(self.aws, GONE)
        assert settings_of(self.aws, LIVE) == self.expected
        self.key = record_table(GONE).key
        self.aws.clock.advance(2 * AN_HOUR)
        self.aws.client("dynamodb").untag_resource(ResourceArn=arn, TagKeys=[tag["Key"] for tag in TAGS])
        self.aws.clock.advance(AN_HOUR / 2)
        record_table(GONE, deleted_at=self.aws.clock.datetime())
        versions = self.aws.client("s3").list_object_versions(Bucket=BUCKET, Prefix=self.key)["Versions"]
        self.newest, self.in_force = (version["VersionId"] for version in versions)
        self.backup_of_gone = self._back_up(GONE)
        self._delete(GONE)
        self.undisturbed = {scenario: self._undisturbed(scenario) for scenario in SCENARIOS}
        return self

    def __exit__(self, *raised):
        self.pipeline.__exit__()
        super().__exit__(*raised)

    def _make(self, name, stream_view_type, tags):
        arn = make_table(self.aws, name, indexes=(), items=0, stream_view_type=stream_view_type)
        self.aws.client("dynamodb").tag_resource(ResourceArn=arn, Tags=tags)
        self.aws.clock.advance(10)
        return arn

    def _delete(self, name):
        self.aws.client("dynamodb").delete_table(TableName=name)
        self.aws.clock.advance(60)

    def _back_up(self, name):
        backup = self.aws.client("dynamodb").create_backup(TableName=name, BackupName="nightly")
        return backup["BackupDetails"]["BackupArn"]

    def _undisturbed(self, scenario):
        """Restore while nothing fails; return where the settings come from, and the number of attempts."""
        self.begin()
        target = self.restore(scenario)
        self.process(scenario, target)
        assert self.is_in_sync(target)
        (origin,) = self.origins()
        assert origin.get("version_id") == (None if scenario.startswith("live") else self.in_force)
        return origin, len(self.reports())

    def origins(self):
        """Return from where the attempts have taken settings, each origin once."""
        found = [report["settings_from"] for report in self.reports() if "settings_from" in report]
        return [origin for number, origin in enumerate(found) if origin not in found[:number]]

    def begin(self):
        """Forget what went before."""
        self.aws.faults.clear()
        for name in self.aws.client("dynamodb").list_tables()["TableNames"]:
            if name != LIVE:
                self._delete(name)
        self.aws.sqs.queue(self.pipeline.function.dlq_arn).stored.clear()
        self.aws.calls.clear()
        self.pipeline.invocations.clear()
        self.targets += 1

    def restore(self, scenario):
        """Restore a table as `scenario` says; return what gives the target its settings, and the target's name."""
        target = GONE if scenario == "gone, same name" else f"copy-{self.targets}"
        if scenario == "named":
            make_table(self.aws, target, indexes=(), items=0)
        elif scenario == "live":
            restore(self.aws, LIVE, target)
        else:
            backup = self.backup_of_live if scenario == "live, backup" else self.backup_of_gone
            self.aws.client("dynamodb").restore_table_from_backup(BackupArn=backup, TargetTableName=target)
        return target

    def process(self, scenario, target):
        """Let the restore be processed until no message is left, or the invocation has ended."""
        if scenario != "named":
            self.pipeline.run()
            return
        # It is ACTIVE when the function looks first.
        for _ in range(MAX_ATTEMPTS - 1):
            event = {"source_table": GONE, "record": self.key, "version_id": self.in_force}
            if self.pipeline.invoke(target_table=target, **event)["outcome"] != "waiting":
                return
            self.aws.clock.advance(60)

    def redrive(self):
        """Move the messages of the dead-letter queue to the queue, a minute later."""
        self.aws.clock.advance(60)
        function = self.pipeline.function
        self.aws.client("sqs").start_message_move_task(SourceArn=function.dlq_arn, DestinationArn=function.queue_arn)

    def reports(self):
        """Return the reports of all attempts, of the invocations too."""
        return self.pipeline.attempts

    def archive_failures(self):
        """Return how often attempts could not use the restore archive."""
        return sum(sum(line["RestoreArchiveFailed"]) for line in self.pipeline.log if "RestoreArchiveFailed" in line)

    def reasons(self):
        """Return the FailureReason of each message in the dead-letter queue."""
        messages = self.aws.sqs.messages(self.pipeline.function.dlq_arn)
        return [message.attributes["FailureReason"]["StringValue"] for message in messages]

    def is_in_sync(self, target):
        """Say whether a target has the settings, by an independent look."""
        wait_until_active(self.aws, target)
        self.aws.clock.advance(120)
        return settings_of(self.aws, target) == self.expected


# The answer to a read of a version that was deleted after it was listed.
OF_LISTED_VERSIONS = (Error("NoSuchKey", 404), Error("NoSuchVersion", 404))
SCENARIOS = "gone", "gone, same name", "live", "live, backup", "named"
NEWEST, IN_FORCE, ARCHIVE, ANY = "newest", "in force", "restores/", ""
# How the table is restored, the call, and of which version, or on which keys.
CASES = [
    (scenario, call, of)
    for scenario in ("gone", "gone, same name")
    for call, of in (
        ("dynamodb:DescribeBackup", ANY),
        ("s3:ListObjectVersions", ANY),
        ("s3:GetObject", NEWEST),
        ("s3:GetObject", IN_FORCE),
        ("s3:GetObject", ARCHIVE),
        ("s3:PutObject", ARCHIVE),
    )
]
CASES += [("live", "s3:GetObject", ARCHIVE), ("live", "s3:PutObject", ARCHIVE)]
CASES += [("live, backup", "s3:GetObject", ARCHIVE), ("live, backup", "s3:PutObject", ARCHIVE)]
CASES += [
    ("named", "s3:ListObjectVersions", ANY),
    ("named", "s3:GetObject", NEWEST),
    ("named", "s3:GetObject", IN_FORCE),
]


@pytest.fixture(scope="module")
def account():
    with Account() as opened:
        yield opened


def which(call, account):
    """Return which of the calls of CASES it is."""
    version = {account.newest: NEWEST, account.in_force: IN_FORCE}.get(call.parameters.get("VersionId"), ANY)
    return call.name, ARCHIVE if str(call.parameters.get("Key", "")).startswith(ARCHIVE) else version


def test_every_call_for_records_is_tried(account):
    for scenario in account.undisturbed:
        account.begin()
        account.process(scenario, account.restore(scenario))
        calls = account.pipeline.calls()
        made = {(scenario, *which(call, account)) for call in calls if call.service == "s3"}
        assert made <= set(CASES)


@dataclass(frozen=True)
class Trial:
    """An error with which a call of a restore ends, once or for ever."""

    scenario: str
    call: str
    of: str
    error: Error
    times: float

    @property
    def operation(self):
        return self.call.partition(":")[2]

    @property
    def fails(self):
        """Whether it will not succeed by itself."""
        return self.error not in OF_LISTED_VERSIONS and meaning(self.error.raised(self.operation)) is Meaning.FINAL

    @property
    def is_needed(self):
        """Whether a restore needs the call. Without the backup's description, CreationDateTime decides."""
        return self.of != ARCHIVE and not (self.fails and self.operation == "DescribeBackup")

    @property
    def named(self):
        """What a reason says of it."""
        if self.error in OF_LISTED_VERSIONS:
            return "was deleted while it was read"
        error = self.error.raised(self.operation)
        return f"{self.operation}: {self.error.code}" if self.error.status else type(error).__name__

    @property
    def outcomes(self):
        """Those of the attempts that make the call."""
        if not self.is_needed:
            return ["in_sync"]
        if self.fails:
            return ["failed"]
        if self.times == ONCE:
            return ["waiting", "in_sync"]
        # Nobody gives an invocation up.
        return ["waiting", "waiting", "waiting" if self.scenario == "named" else "failed"]


def violations_of(account, trial):
    """Let the call fail; return what should never be."""
    error = trial.error
    account.begin()
    target = account.restore(trial.scenario)
    meets = first_or_all(
        trial.times, lambda made: account.pipeline.made(made) and which(made, account) == (trial.call, trial.of)
    )
    fault = account.aws.faults.add(trial.call, error.code, "on purpose", math.inf, error.status or 400, meets)
    account.process(trial.scenario, target)
    found = [] if fault.met else ["the call was not made"]
    found += list(unlike(account, trial))
    account.aws.faults.clear()
    account.redrive()
    account.process(trial.scenario, target)
    found += [f"applied {origin}" for origin in account.origins() if origin != account.undisturbed[trial.scenario][0]]
    return found + ["a redrive does not help"] * (account.reasons() != [] or not account.is_in_sync(target))


def unlike(account, trial):
    """Yield in what attempts and dead-letter queue are not as they should be while the call fails."""
    _, attempts = account.undisturbed[trial.scenario]
    outcomes = [report["outcome"] for report in account.reports()]
    if outcomes != ["waiting"] * (attempts - 1) + trial.outcomes:
        yield f"outcomes {outcomes}"
    reasons = [report["reason"] for report in account.reports()[attempts - 1 :] if report["outcome"] != "in_sync"]
    if not all(trial.named in reason for reason in reasons):
        yield f"reasons {reasons}"
    if trial.fails and not all(BUCKET in reason and "role allow this call" in reason for reason in reasons):
        yield f"reasons do not say what to do: {reasons}"
    if trial.scenario != "named" and len(account.reasons()) != ("failed" in trial.outcomes):
        yield f"in the dead-letter queue: {account.reasons()}"
    if "in_sync" not in trial.outcomes and account.pipeline.writes():
        yield f"writes {account.pipeline.writes()}"
    if (trial.call, trial.times) == ("s3:PutObject", FOR_EVER) and not account.archive_failures():
        yield "no metric counts what the archive lacks"


def test_no_error_of_a_call_for_records_loses_a_restore_or_gives_it_anything_else(account, figures):
    tried, violations = 0, []
    for scenario, call, of in CASES:
        errors = [
            *one_of_each_meaning(call),
            *(OF_LISTED_VERSIONS if of in {NEWEST, IN_FORCE} and scenario != "named" else ()),
        ]
        for error, times in itertools.product(errors, (ONCE, FOR_EVER)):
            found = violations_of(account, Trial(scenario, call, of, error, times))
            violations += [(scenario, call, of, str(error), times, found)] * bool(found)
            tried += 1
    figures("errors of a restore's calls for records", tried=tried, violations=len(violations))
    assert violations == []
