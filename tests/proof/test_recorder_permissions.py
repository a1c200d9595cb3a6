"""The policy that Terraform makes for the recorder, enforced: enough for all its work, and nothing that is not used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import pytest
from botocore.exceptions import ClientError

from scripts import permissions
from table_sync.settings import SETTINGS
from tests.proof.planned_policies import (
    KEY,
    NAME,
    OLDER_KEY,
    ON_EVERYTHING,
    Planned,
    Result,
    granted,
    harmless,
    unused,
)
from tests.proof.records_account import COPY, MISSED, EmptyAccount, Recording
from tests.support.deployment import map_anew
from tests.support.module import allow
from tests.support.recorder import BUCKET, DeployedRecorder, encrypt
from tests.support.restore_events import ACCOUNT, REGION, aws_backup
from tests.support.restore_history import RECORDER
from tests.support.tables import make_source, restore

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = 3
# A table whose restore is in the archive.
OLD = "archived"
LOG_GROUP = f"/aws/lambda/{RECORDER}"
# Longer than a message waits that comes back soon, and shorter than the queue's visibility timeout.
A_WHILE = 1800
FIVE_MINUTES = 300
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{NAME}"
STATE = f"event_history/v1/{ACCOUNT}/{REGION}/{NAME}.json"
READS = {action for setting in SETTINGS for action in setting.READ_ACTIONS} | {
    "cloudtrail:LookupEvents",
    "dynamodb:DescribeTable",
    "dynamodb:ListTables",
}
# All that it may do besides.
OTHERS = {
    "kms:Decrypt": {KEY, OLDER_KEY},
    "kms:GenerateDataKey": {KEY},
    "logs:CreateLogStream": {f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{LOG_GROUP}:*"},
    "logs:PutLogEvents": {f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{LOG_GROUP}:*"},
    "s3:GetObject": {f"arn:aws:s3:::{BUCKET}/settings/v1/{ACCOUNT}/*", f"arn:aws:s3:::{BUCKET}/{STATE}"},
    "s3:ListBucket": {f"arn:aws:s3:::{BUCKET}"},
    "s3:PutObject": {f"arn:aws:s3:::{BUCKET}/settings/v1/{ACCOUNT}/*", f"arn:aws:s3:::{BUCKET}/{STATE}"},
    "sqs:ChangeMessageVisibility": {f"{QUEUE}-recorder"},
    "sqs:DeleteMessage": {f"{QUEUE}-recorder"},
    "sqs:GetQueueAttributes": {f"{QUEUE}-recorder"},
    "sqs:ReceiveMessage": {f"{QUEUE}-recorder"},
    "sqs:SendMessage": {QUEUE, f"{QUEUE}-recorder"},
}
CONDITIONS = {
    "ListRecords": {"StringLike": {"s3:prefix": f"settings/v1/{ACCOUNT}/*"}},
    "ListRestores": {"StringLike": {"s3:prefix": f"restores/v1/{ACCOUNT}/{REGION}/*"}},
}


class Account(Recording):
    """A table with every setting and others, an encrypted bucket, and encrypted queues. A context manager."""

    def __init__(self) -> None:
        super().__init__(QUEUE_URL=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{NAME}")

    def __enter__(self) -> Self:
        """Deploy it."""
        super().__enter__()
        role_arn = self.recorder.function.role_arn
        # Whoever makes a client first, the recorder or this test: it is of the recorder's role.
        for name, value in self.aws.environment(role_arn).items():
            self._environment.setenv(name, value)
        make_source(self.aws)
        self.aws.client("sqs").create_queue(QueueName=NAME, Attributes={"KmsMasterKeyId": KEY})
        encrypt(self.aws, KEY)
        return self

    def work(self, policy: dict[str, Any], *, event_history: bool = True) -> Result:
        """Have the recorder do all of its work under a policy, or so much that something is broken."""
        self._arrange()
        allow(self.aws, self.recorder.function.role_arn, *policy["Statement"])
        self.recorder.restart()
        self.aws.permissions.used.clear()
        self.aws.permissions.enforced = True
        parts = [self._record_all, self._record_changes, self._sweep, *([self._look_up] if event_history else [])]
        try:
            map_anew(self.aws, self.recorder.function)
            broken = next((broken for part in parts if (broken := self._broken_by(part))), [])
        except ClientError as refusal:
            broken = [f"the queue cannot be polled: {refusal}"]
        finally:
            self.aws.permissions.enforced = False
        return Result(broken, set(self.aws.permissions.used))

    def _arrange(self) -> None:
        """Forget what went before: the tables are there, and neither records nor messages nor events."""
        self._changes += 1
        self.make_tables()
        s3, logs = self.aws.client("s3"), self.aws.client("logs")
        stored = s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
        if stored:
            objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in stored]
            s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
        if logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]:
            logs.delete_log_group(logGroupName=LOG_GROUP)
        logs.create_log_group(logGroupName=LOG_GROUP)
        self.aws.sqs.queue(QUEUE).stored.clear()
        self.aws.cloudtrail.history.clear()
        self.recorder.invocations.clear()
        self._sweeps, self._queries = 0, []

    def _record_all(self) -> None:
        """Sweep tables of which there is no record."""
        self._encrypt_queue(KEY)
        self._sweeps += 1
        self.start_sweep()

    def _record_changes(self) -> None:
        """Let events of every kind come, encrypted with the key that the queue had before."""
        self._changes += 1
        self._encrypt_queue(OLDER_KEY)
        self.restore()
        self.change()
        self.delete()
        self.aws.cloudtrail.trail = False
        self._tag(MISSED)
        self.aws.cloudtrail.trail = True
        self.recorder.send(json.dumps(aws_backup(MISSED)))
        self._encrypt_queue(KEY)
        # The SDK tries twice: a message comes back.
        self.aws.faults.throttle("dynamodb:DescribeTable", times=2)

    def _sweep(self) -> None:
        """Sweep after changes that no event has reported."""
        self._changes += 1
        self._sweeps += 1
        self.sweep()

    def _look_up(self) -> None:
        """Query the event history twice: it has a restore that is in the archive, and one that is not."""
        ((listed_at, restored),) = [
            (listed_at, record)
            for listed_at, record in self.aws.cloudtrail.history
            if record["eventName"] == "RestoreTableToPointInTime"
        ]
        archived = {
            "eventID": "archived",
            "requestParameters": restored["requestParameters"] | {"targetTableName": OLD},
        }
        self.aws.cloudtrail.history.append((listed_at, restored | archived))
        key = f"restores/v1/{ACCOUNT}/{REGION}/{OLD}/{restored['eventTime']}-archived.json"
        self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"{}")
        for _ in range(2):
            self.aws.clock.advance(FIVE_MINUTES)
            self.recorder.invocations.append(self.recorder.service.invoke(RECORDER, {"look_up": True}))
            self._queries.append(self.recorder.invocations[-1].response)

    def _encrypt_queue(self, key: str) -> None:
        url = self.recorder.function.queue_url
        self.aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key})

    def _broken_by(self, part: Callable[[], None]) -> list[str]:
        """Let the recorder do a part of its work; return what of the module's promises has not come about."""
        part()
        self.run(A_WHILE)
        self.aws.permissions.enforced = False
        logged = self.aws.client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
        lines = [line for invocation in self.recorder.invocations for line in invocation.log_lines]
        sent = [json.loads(message.body)["detail"] for message in self.aws.sqs.queue(QUEUE).kept()]
        targets = [detail["requestParameters"]["targetTableName"] for detail in sent]
        answers = [{"sent": 1, "complete": True}, {"sent": 0, "complete": True}]
        count = self.recorder.metric
        promises = {
            f"the records are up to date, not those of {(late := self.outdated())}": late == [],
            "no message is left": self.queued() == 0,
            "every line is in the log": [event["message"] for event in logged] == lines,
            "all tables are counted as recorded": count("TablesNotRecorded") == 0,
            "all sweeps are counted as finished": count("SweepsFinished") == self._sweeps,
            f"restores are found, not {self._queries}": self._queries in ([], answers),
            f"the restore that was missed is sent, not {targets}": targets == ([COPY] if self._queries else []),
            "all queries are counted": count("EventHistoryQueried") == len(self._queries),
        }
        self.aws.permissions.enforced = True
        return [promise for promise, kept in promises.items() if not kept]


@pytest.fixture
def account():
    with Account() as opened:
        yield opened


@pytest.fixture
def policy(planned: dict[str, dict[str, Planned]]) -> dict[str, Any]:
    return planned["records"]["recorder"].policy


def test_everything_works_under_the_role_that_terraform_makes_and_every_action_is_used(account, policy):
    result = account.work(policy)
    assert result.broken == []
    assert unused(policy, result.used) == []


def test_without_queries_of_the_event_history_it_has_what_it_needs_and_nothing_else(account, planned):
    policy = planned["without_event_history"]["recorder"].policy
    result = account.work(policy, event_history=False)
    assert result.broken == []
    assert unused(policy, result.used) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_removing_any_action_breaks_something(account, policy, figures, part):
    actions = granted(policy)[part::PARTS]
    spare = harmless(policy, actions, lambda less, _: account.work(less))
    figures("permissions of the recorder", actions=len(actions), harmless_to_remove=len(spare))
    assert spare == []


def test_a_restored_table_of_another_region_is_recorded_under_the_role_that_terraform_makes(policy):
    with EmptyAccount() as account, DeployedRecorder(account.aws, name=RECORDER) as recorder:
        aws = account.aws
        source = make_source(aws, region="us-east-1")
        allow(aws, recorder.function.role_arn, *policy["Statement"])
        aws.permissions.enforced = True
        restore(aws, source, "orders-restored")
        recorder.run()
        recorded = recorder.record("orders", region="us-east-1")
    assert [name for name, value in recorded["settings"].items() if not value] == ["on_demand_throughput"]
    assert recorded["unreadable"] == {}


def test_it_reads_tables_and_writes_nothing_but_records_messages_and_logs(policy):
    allowed: dict[str, set[str]] = {}
    for statement in policy["Statement"]:
        resources = statement["Resource"]
        for action in statement["Action"]:
            allowed.setdefault(action, set()).update(resources if isinstance(resources, list) else [resources])
    assert {action: resources for action, resources in allowed.items() if action not in READS} == OTHERS
    wide = {action for action, resources in allowed.items() if resources == {"*"}}
    assert wide == READS & ON_EVERYTHING | {"cloudtrail:LookupEvents", "dynamodb:ListTables"}
    assert {arn.split(":")[4] for action in READS - wide for arn in allowed[action]} == {ACCOUNT}


def test_it_is_granted_what_the_page_of_permissions_lists(planned):
    settings, own, event_history = permissions.recorder_actions().values()
    of_keys = {"kms:Decrypt", "kms:GenerateDataKey"}
    for name, listed in (("without_event_history", settings | own), ("records", settings | own | event_history)):
        assert {action for _, action in granted(planned[name]["recorder"].policy)} == listed | of_keys


def test_what_a_resource_does_not_limit_a_condition_does(policy):
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert {name: found["Condition"] for name, found in statements.items() if "Condition" in found} == CONDITIONS
