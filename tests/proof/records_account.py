"""An account whose recorder, event history and restore archive are at work, and what came of them."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any, Self

import pytest

from table_sync.aws import Table
from table_sync.errors import meaning
from table_sync.records.snapshot import snapshot
from tests.proof.fault_matrix import UNDECLARED, Error, Step
from tests.support.embedded_aws import BODY_CUT, BODY_RESET, EmbeddedAWS
from tests.support.recorder import DeployedRecorder
from tests.support.restore_events import arn
from tests.support.restore_history import BUCKET, RECORDER, handle
from tests.support.tables import make_table, restore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.embedded_aws import Call

# The same in each run, so that all come out the same: 2027-01-15.
START = 1_800_000_000.0
AN_HOUR = 3600
RESTORED, DELETED, MISSED, NEW, COPY = "customers", "payments", "ledger", "invoices", "copy"


# S3 API reference, Error responses: the service model declares hardly any.
OF_S3 = (
    Error("AccessDenied", 403),
    Error("NoSuchBucket", 404),
    Error("OperationAborted", 409),
    Error("InternalError", 500),
    Error("SlowDown", 503),
    *(error for error in UNDECLARED if not error.status),
)
# The slower of two writers.
OF_CONDITIONAL_WRITES = Error("ConditionalRequestConflict", 409), Error("PreconditionFailed", 412)
# Of what is read as a stream.
OF_BODIES = Error(BODY_RESET, 0), Error(BODY_CUT, 0)


def errors_of(service: str, operation: str) -> list[Error]:
    """Return the errors with which a call may end."""
    if service == "s3":
        return [*OF_S3, *{"PutObject": OF_CONDITIONAL_WRITES, "GetObject": OF_BODIES}.get(operation, ())]
    return Step(service, operation, operation).errors


def one_of_each_meaning(call: str) -> list[Error]:
    """Return the errors of a call ("s3:GetObject") to try: all if EVERY_ERROR is in the environment.

    Errors of one meaning are the same to the code. That another writer was faster has one of its own.
    """
    service, _, operation = call.partition(":")
    errors = errors_of(service, operation)
    if "EVERY_ERROR" in os.environ:
        return errors
    by_meaning = {(meaning(error.raised(operation)), error in OF_CONDITIONAL_WRITES): error for error in errors}
    return list(by_meaning.values())


def first_or_all(times: float, made: Callable[[Call], bool]) -> Callable[[Call], bool]:
    """Return what meets the first call with the SDK's own second try, or all, of those that `made` tells."""
    invocations: list[str] = []

    def meets(call: Call) -> bool:
        if not made(call):
            return False
        invocations.append(call.request.headers["amz-sdk-invocation-id"])
        return times == math.inf or invocations[-1] == invocations[0]

    return meets


class Crash(BaseException):
    """The end of the runtime process: nothing in the function may catch it."""


class EmptyAccount:
    """An embedded AWS with the environment of the function's clients. A context manager."""

    def __init__(self) -> None:
        self.aws = EmbeddedAWS(start=START)
        self._environment = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        """Set it up."""
        self.aws.__enter__()
        for name, value in self.aws.environment().items():
            self._environment.setenv(name, value)
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave nothing."""
        self.aws.__exit__(None, None, None)
        self._environment.undo()


class Recording(EmptyAccount):
    """The recorder behind its queue, and tables that are recorded; `variables` are the rest of its environment."""

    def __init__(self, **variables: str) -> None:
        super().__init__()
        self._variables = variables
        self._changes = 0
        self._running: list[str] = []

    def __enter__(self) -> Self:
        """Deploy it."""
        super().__enter__()
        self.recorder = DeployedRecorder(self.aws, handler=self._handle, name=RECORDER, **self._variables).__enter__()
        return self

    def _handle(self, event: Any, context: Any) -> Any:
        """Run the function of that name; a crash is what it is to Lambda: an invocation without an answer."""
        self._running.append(context.function_name)
        try:
            return handle(event, context)
        except Crash as crash:
            raise RuntimeError("Runtime exited with error: signal: killed") from crash
        finally:
            self._running.pop()

    def made_by(self, name: str) -> Callable[[Call], bool]:
        """Return what tells the calls of a function.

        Functions and tests share clients, whose credentials are those of whoever was first to need them.
        """
        return lambda _: self._running[-1:] == [name]

    def __exit__(self, *raised: object) -> None:
        """Leave nothing."""
        self.recorder.__exit__()
        super().__exit__(*raised)

    def begin(self) -> None:
        """Forget what went before: the tables are there and recorded, the queue is empty."""
        self.make_tables()
        self.start_sweep()
        self.run()
        self._changes += 1
        assert self.outdated() == []
        self._first = self._settings()
        self.aws.calls.clear()
        self.recorder.invocations.clear()

    def make_tables(self) -> None:
        """Forget what went before: the tables are there, the queue is empty."""
        self.aws.faults.clear()
        for name in self._names() & {NEW, COPY}:
            self.aws.client("dynamodb").delete_table(TableName=name)
        for name in {"orders", RESTORED, DELETED, MISSED} - self._names():
            make_table(self.aws, name, indexes=(), items=0, stream_view_type="KEYS_ONLY" if name == "orders" else None)
        self._lose_messages()

    def change(self) -> None:
        """Change a table."""
        self._tag("orders")

    def restore(self) -> None:
        """Restore a table of which the recorder has missed a change."""
        self._tag(RESTORED)
        self._lose_messages()
        self.aws.restore_seconds = 5
        restore(self.aws, RESTORED, COPY)
        self.aws.clock.advance(10)

    def delete(self) -> None:
        """Delete a table."""
        self.aws.client("dynamodb").delete_table(TableName=DELETED)
        self.aws.clock.advance(10)

    def sweep(self) -> None:
        """Start a sweep after a table was changed, one deleted and one made, all of which the recorder has missed."""
        self._tag("orders")
        self.aws.client("dynamodb").delete_table(TableName=MISSED)
        make_table(self.aws, NEW, indexes=(), items=0)
        self._lose_messages()
        self.start_sweep()

    def start_sweep(self) -> None:
        """Start a sweep as the schedule does: Lambda tries an invocation that fails twice more (developer guide)."""
        for _ in range(3):
            self.recorder.invocations.append(self.recorder.service.invoke(RECORDER, {"sweep": True}))
            if not self.recorder.invocations[-1].error:
                return
            self.aws.clock.advance(120)

    def run(self, seconds: float = 12 * AN_HOUR) -> None:
        """Let the queue and the recorder work until no message is left, at most so long."""
        end = self.aws.clock.now() + seconds
        self.recorder.invocations += self.recorder.service.run_until(end)

    def queued(self) -> int:
        """Return how many messages are in the queue."""
        return len(list(self.aws.sqs.queue(self.recorder.function.queue_arn).kept()))

    def made(self, call: Call) -> bool:
        """Say whether the recorder makes the call just now."""
        return self.made_by(RECORDER)(call)

    def versions(self, prefix: str = "settings/", *, newest: bool = False) -> Iterator[dict[str, Any]]:
        """Yield every version, or the newest, of every record whose key begins so."""
        s3 = self.aws.client("s3")
        listed = s3.list_object_versions(Bucket=BUCKET, Prefix=prefix).get("Versions", [])
        for found in (found for found in listed if found["Key"].endswith(".json")):
            if found["IsLatest"] or not newest:
                answer = s3.get_object(Bucket=BUCKET, Key=found["Key"], VersionId=found["VersionId"])
                yield json.loads(answer["Body"].read())

    def wrong(self) -> list[str]:
        """Return what records of live tables say that has been so neither before nor after."""
        now = self._settings()
        return [
            f"{version['table']}: {name}"
            for version in self.versions(newest=True)
            for identity in [(version["table"], version["table_id"])]
            if identity in now
            for name, value in version["settings"].items()
            if value not in (now[identity][name], self._first.get(identity, now[identity])[name])
        ]

    def outdated(self) -> list[str]:
        """Return the tables whose newest record is not what is there."""
        now = self._settings()
        newest = {
            (version["table"], version["table_id"]): version
            for version in self.versions(newest=True)
            if version["table"] != arn(COPY)
        }
        undeleted = {identity for identity, version in newest.items() if "deleted_at" not in version}
        return sorted(
            table
            for table, table_id in (undeleted ^ now.keys())
            | {
                of
                for of in undeleted & now.keys()
                if (newest[of]["settings"], newest[of]["unreadable"]) != (now[of], {})
            }
        )

    def unreadable(self) -> bool:
        """Say whether a newest record says that a setting could not be read."""
        return any(version["unreadable"] for version in self.versions(newest=True))

    def log(self) -> str:
        """Return all lines of the recorder, and what Lambda says of its invocations."""
        lines = [line for invocation in self.recorder.invocations for line in invocation.log_lines]
        return "\n".join([*lines, *(str(invocation.error) for invocation in self.recorder.invocations)])

    def _tag(self, table: str) -> None:
        tags = [{"Key": "change", "Value": str(self._changes)}]
        self.aws.client("dynamodb").tag_resource(ResourceArn=arn(table), Tags=tags)
        self.aws.clock.advance(10)  # ListTagsOfResource lags

    def _lose_messages(self) -> None:
        self.aws.clock.advance(60)
        self.aws.sqs.queue(self.recorder.function.queue_arn).stored.clear()

    def _names(self) -> set[str]:
        return set(self.aws.client("dynamodb").list_tables()["TableNames"])

    def _settings(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the settings of each table that is there, by ARN and TableId."""
        found = {}
        for name in self._names():
            table = Table(arn(name))
            table.describe()
            if table.status == "ACTIVE" and name != COPY:
                found[table.arn, table.description["TableId"]] = snapshot(table, None).settings
        return found
