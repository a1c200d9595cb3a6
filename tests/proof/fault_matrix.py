"""What becomes of a restore when one of the function's calls fails: every call, every error, once and for ever.

`python -m tests.proof.fault_matrix` writes it to docs/fault-matrix.md.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from table_sync.errors import Meaning, meaning
from table_sync.settings import SETTINGS
from tests.proof.account import ON_DEMAND, SOURCE, Account, name_of
from tests.support.embedded_aws.faults import BODY_CUT, BODY_RESET, CONNECTION_RESET, READ_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.embedded_aws import Call
    from tests.support.embedded_aws.faults import Fault

    Scenario = Callable[[Account], "str | None"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "fault-matrix.md"
# One more than the looks that miss a target until it counts as gone.
MAX_ATTEMPTS = 4
# What the function waits for an answer, in seconds.
PATIENCE = 10
ONCE, FOR_EVER = 1, math.inf
IN_SYNC, WITH_REASON, USED_UP = "in sync", "DLQ with the reason", "DLQ, attempts used up"
AN_ANSWER = "an answer"

HEADING = f"""\
# Fault matrix

What becomes of a restore when one of the function's calls to AWS fails. `make fault-matrix` makes this file by letting
each call fail with each error on the embedded AWS. `make test` fails when a call, an error or a meaning here is not the
code's, and tries a sample.

The calls are those of restores that together need every setting, all toggles on. The errors are those that botocore's
service model declares for the operation; those that any service may answer without declaring them; and no answer: a
connection that is reset before AWS has the request, and a read that times out after AWS has done what was asked. Where
the message decides, as in "ValidationException: TimeToLive is already enabled", see tests/unit/test_errors.py.

- **Taken for**: *not ready*, try again within seconds; *transient*, try again later; *already so*, read whether it is;
  *gone*, what it refers to does not exist and is left out, as the target's report says; *final*, it will not succeed
  by itself; *{AN_ANSWER}*, what it asks for is not there: no policy to copy, no source to
  read, no backup to compare the source with, no Kinesis stream, or no target, once several looks have missed it.
  Whatever SQS refuses, the message comes back by itself.
- **Once**: the first call fails, the SDK's own second try included.
- **For ever**: every such call fails, with `max_attempts` at {MAX_ATTEMPTS} in place of 1000.
- *{IN_SYNC} after n attempts*: the target's settings are the source's by an independent look.
- *{WITH_REASON}*: the message is in the dead-letter queue, its `FailureReason` names the call and the error.
- *{USED_UP}*: so it is after the last attempt; where SQS refuses that, the redrive policy moves it.

In all of them no exception leaves the handler and no message is lost. Every setting is in sync but for those that are
reported to wait for this very error, and those that live on them. A redrive, once the failure is gone, ends in sync.

| Call | Error | Taken for | Once | For ever |
| --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Error:
    """An error that a call may end with; `status` is the HTTP status code, 0 where there is no answer."""

    code: str
    status: int = 400

    def __str__(self) -> str:
        """Return it as the matrix shows it."""
        return f"{self.status} {self.code}" if self.status >= 500 else self.code

    def raised(self, operation: str) -> Exception:
        """Return what the SDK makes of it."""
        if self.code == CONNECTION_RESET:
            return ConnectionClosedError(endpoint_url="")
        if self.code == READ_TIMEOUT:
            return ReadTimeoutError(endpoint_url="")
        if self.code == BODY_RESET:
            return ResponseStreamingError(error="")
        if self.code == BODY_CUT:
            return IncompleteReadError(actual_bytes=1, expected_bytes=2)
        answer = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": self.status}}
        return ClientError(answer, operation)


# What any service may answer without declaring it (API references, Common errors), and no answer.
UNDECLARED = (
    Error("AccessDeniedException"),
    Error("ExpiredTokenException"),
    Error("ThrottlingException"),
    Error("InternalFailure", 500),
    Error("ServiceUnavailable", 503),
    Error(CONNECTION_RESET, 0),
    Error(READ_TIMEOUT, 0),
)


@dataclass(frozen=True)
class Step:
    """A call that the function makes; `name` is the matrix's, in which reads say of which table they are."""

    service: str
    operation: str
    name: str
    scenario: Scenario | None = field(default=None, compare=False)
    """In which it is made."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.operation.startswith(("Describe", "Get", "List"))

    @cached_property
    def errors(self) -> list[Error]:
        """Those that botocore's service model declares for it, and those that need no declaration."""
        model = botocore.session.get_session().get_service_model(self.service)
        declared = []
        for shape in model.operation_model(self.operation).error_shapes:
            # botocore does not tell `fault`, which makes an error the server's.
            fault = model._service_description["shapes"][shape.name].get("fault", False)  # noqa: SLF001
            status = shape.metadata.get("error", {}).get("httpStatusCode", 500 if fault else 400)
            declared.append(Error(shape.error_code, status))
        return [*sorted(declared, key=lambda error: error.code), *UNDECLARED]

    def misses_table(self, error: Error) -> bool:
        """Say whether AWS answers that there is no such table."""
        return (self.operation, error.code) == ("DescribeTable", "ResourceNotFoundException")

    def misses_policy(self, error: Error) -> bool:
        """Say whether AWS answers that there is no such policy."""
        return (self.operation, error.code) == ("GetResourcePolicy", "PolicyNotFoundException")

    def misses_backup(self, error: Error) -> bool:
        """Say whether AWS does not tell which table was backed up, so that the source's age decides alone."""
        return self.operation == "DescribeBackup" and self.meaning(error) is Meaning.FINAL

    def leaves_stream_alone(self, error: Error) -> bool:
        """Say whether the answer, or the lack of one, only tells why a Kinesis destination could not be enabled."""
        return self.operation == "DescribeStreamSummary" and (
            self.meaning(error) is not Meaning.TRANSIENT or error.status == 0
        )

    def meaning(self, error: Error) -> Meaning:
        """Return what the function takes an error for; those of SQS it does not classify."""
        # Twice in 30 days a table may change its class (DynamoDB developer guide).
        if self.name.endswith("of TableClass") and error.code == "LimitExceededException":
            return Meaning.FINAL
        return meaning(error.raised(self.operation))

    def taken_for(self, error: Error) -> str:
        """Return what the function takes an error for, as the matrix shows it."""
        misses = self.misses_table, self.misses_policy, self.misses_backup, self.leaves_stream_alone
        if any(missed(error) for missed in misses):
            return AN_ANSWER
        return "" if self.service == "sqs" else self.meaning(error).name.lower().replace("_", " ")

    def endings(self, error: Error, times: float) -> set[str]:
        """Return the kinds of ending to which what the error is taken for may lead."""
        # Where no answer comes AWS has done it all the same, and the next look sees it on the target.
        done = error.code == READ_TIMEOUT and not self.reads and self.service != "events"
        if self.operation == "SendMessage":
            return {WITH_REASON if times == ONCE else USED_UP}
        if self.misses_table(error):
            return {IN_SYNC if self.name.endswith("target") and times == ONCE else WITH_REASON}
        misses = self.misses_policy(error) or self.misses_backup(error) or self.leaves_stream_alone(error)
        if self.service == "sqs" or done or misses:
            return {IN_SYNC}
        if self.service != "sqs" and self.meaning(error) is Meaning.GONE:
            return {IN_SYNC}
        if self.meaning(error) is Meaning.FINAL:
            return {WITH_REASON} if times == FOR_EVER else {WITH_REASON, IN_SYNC}
        return {IN_SYNC} if times == ONCE else {USED_UP}


def ready(account: Account) -> str:
    """Deliver the event of a restore that is over when the function looks first."""
    return account.restore()


def otherwise_set(account: Account) -> str:
    """Deliver such an event of a target to which somebody has given another value of a setting."""
    return account.restore(meanwhile=account.enable_other_precision)


def failed_destination(account: Account) -> str:
    """Deliver such an event of a target for which somebody has named a Kinesis stream that does not exist."""
    return account.restore(meanwhile=account.enable_missing_stream)


def on_demand(account: Account) -> str:
    """Deliver such an event of an on-demand table, whose maximum throughput the restore has overridden."""
    return account.restore(ON_DEMAND, OnDemandThroughputOverride={"MaxReadRequestUnits": 1})


def early(account: Account) -> str:
    """Deliver the event of a restore that goes on when the function looks first."""
    return account.restore(seconds=70)


def from_backup(account: Account) -> str:
    """Deliver the event of a restore from a backup."""
    return account.restore_backup()


def no_restore(account: Account) -> None:
    """Deliver what is no event of a restore."""
    account.pipeline.send("no restore")


# Together they make every call that the function has.
SCENARIOS: tuple[Scenario, ...] = (ready, otherwise_set, failed_destination, on_demand, early, from_backup, no_restore)


@dataclass(frozen=True)
class Ending:
    """How it ended: the number of attempts, what is in the dead-letter queue, and what should never be."""

    attempts: int
    reasons: tuple[str | None, ...]
    violations: list[str]

    @property
    def kind(self) -> str:
        """Which of the three ways it went."""
        if not self.reasons:
            return IN_SYNC
        return USED_UP if self.attempts == MAX_ATTEMPTS else WITH_REASON

    def __str__(self) -> str:
        """Return it as the matrix shows it."""
        attempts = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return USED_UP if self.kind == USED_UP else f"{self.kind} after {attempts}"


@dataclass(frozen=True)
class Row:
    """What an error of a call comes to."""

    step: Step
    error: Error
    once: Ending
    for_ever: Ending

    @property
    def violations(self) -> list[str]:
        """What should never be, of both."""
        return [*self.once.violations, *self.for_ever.violations]


def open_account() -> Account:
    """Return an account, not yet set up, with so few attempts that for ever has an end."""
    # So few attempts outlast what AWS takes longest about, a Kinesis destination that is UPDATING (152 s).
    return Account(max_attempts=MAX_ATTEMPTS, MAX_ATTEMPTS=str(MAX_ATTEMPTS), BACKOFF_BASE_SECONDS="60")


def steps(account: Account) -> list[Step]:
    """Return the calls that the function makes, each with the first scenario that has it."""
    found: dict[Step, Step] = {}
    for scenario in SCENARIOS:
        account.begin()
        target = scenario(account)
        account.pipeline.run()
        for call in account.pipeline.calls():
            step = replace(_step_of(call, target), scenario=scenario)
            found.setdefault(step, step)
    return list(found)


def document(rows: Sequence[Row]) -> str:
    """Return the matrix: of each call, one line for all errors that come to the same."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        key = (row.step.name, row.step.taken_for(row.error), str(row.once), str(row.for_ever))
        groups.setdefault(key, []).append(str(row.error))
    lines = [
        f"| {name} | {', '.join(errors)} | {' | '.join(rest)} |" for (name, *rest), errors in sorted(groups.items())
    ]
    return "\n".join([HEADING, *lines, ""])


def read_document() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the matrix on paper: by call and error, what it is taken for and how it ends once and for ever."""
    lines = DOCUMENT.read_text().removeprefix(HEADING).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line]
    return {(name, error): tuple(rest) for name, errors, *rest in cells for error in errors.split(", ")}


def ending(account: Account, step: Step, error: Error, times: float) -> Ending:
    """Let the call fail with the error, once or for ever, and wait for the end."""
    account.begin()
    target = step.scenario(account)
    fault = _fail(account, step, error, target, times)
    account.pipeline.run()
    invocations = account.pipeline.invocations
    dead_letters = account.dead_letters()
    ended = Ending(
        attempts=len(invocations),
        reasons=tuple(reason for _, reason in dead_letters),
        violations=[f"left the handler: {invocation.error}" for invocation in invocations if invocation.error],
    )
    if not fault.met:
        ended.violations.append("the call was not made")
    ended.violations.extend(_lost(account, step, error, target, dead_letters))
    ended.violations.extend(_unlike(ended, step, error, times))
    if target and dead_letters:
        account.aws.faults.clear()
        account.redrive()
        account.pipeline.run()
        if account.dead_letters() or account.lost(target):
            ended.violations.append("a redrive does not help")
    return ended


def _fail(account: Account, step: Step, error: Error, target: str | None, times: float) -> Fault:
    invocations: list[str] = []

    def meets(call: Call) -> bool:
        if not account.pipeline.made(call) or _step_of(call, target) != step:
            return False
        # The SDK's second try is of the same invocation.
        invocations.append(call.request.headers["amz-sdk-invocation-id"])
        return times == FOR_EVER or invocations[-1] == invocations[0]

    def time_out(call: Call) -> None:
        account.aws.clock.advance(PATIENCE)
        raise ReadTimeoutError(endpoint_url=call.request.url)

    if error.code == READ_TIMEOUT:
        return account.aws.faults.after(step.operation, time_out, math.inf, meets)
    return account.aws.faults.add(step.operation, error.code, "on purpose", math.inf, error.status or 400, meets)


def _lost(
    account: Account, step: Step, error: Error, target: str | None, dead_letters: list[tuple[str, str | None]]
) -> Iterator[str]:
    """Yield in what the end breaks the promise that all is in sync, or said."""
    invocations = account.pipeline.invocations
    delivered = {record["body"] for invocation in invocations for record in invocation.event["Records"]}
    if {body for body, _ in dead_letters} - delivered:
        yield "the dead-letter queue has another body"
    if any(reason is None for _, reason in dead_letters) and len(invocations) < MAX_ATTEMPTS:
        yield "given up early and without a reason"
    if target is None:
        if not dead_letters:
            yield "lost"
        return
    last = account.pipeline.attempts[-1]
    lost = account.lost(target)
    if not dead_letters and last["outcome"] != "in_sync":
        yield f"lost with the outcome {last['outcome']}"
    if step.misses_policy(error):
        lost -= {"resource_policy"}
    if unsaid := lost - _waiting(last["settings"], _named(step, error)):
        yield f"not in sync, and not because of the error: {sorted(unsaid)}"


def _named(step: Step, error: Error) -> str:
    """Return what a reason says of the error."""
    if step.misses_table(error):
        return "the source is gone" if step.name.endswith("of the source") else "was not found"
    if step.meaning(error) is Meaning.GONE:
        return "is left out"
    return f"{step.operation}: {error.code}" if error.status else type(error.raised(step.operation)).__name__


def _waiting(settings: dict[str, dict[str, str]], named: str) -> set[str]:
    """Return the settings that say that they lack something because of the error, and those that live on them."""
    found: set[str] = set()
    for setting in SETTINGS:
        reason = settings[setting.NAME]["reason"]
        if named in reason or (reason and setting.NEEDS and setting.NEEDS.setting in found):
            found.add(setting.NAME)
    return found


def _unlike(ended: Ending, step: Step, error: Error, times: float) -> Iterator[str]:
    """Yield in what the end is not what the error's meaning leads to."""
    endings = step.endings(error, times)
    if ended.kind not in endings:
        yield f"{ended.kind}, and not {' or '.join(sorted(endings))}"
    if step.service != "sqs" and not all(_named(step, error) in str(reason) for reason in ended.reasons):
        yield f"the reason does not say {_named(step, error)!r}: {ended.reasons}"


def _step_of(call: Call, target: str | None) -> Step:
    step = Step(call.service, call.operation, f"{call.service}:{name_of(call)}")
    if not step.reads:
        return step
    text = json.dumps(call.parameters, default=str)
    about = " of the target" if target and target in text else " of the source" if SOURCE in text else ""
    return replace(step, name=step.name + about)


def rows_of(part: int, parts: int) -> list[tuple[int, Row]]:
    """Return the rows of every `parts`-th call, from number `part` on, with the call's number."""
    rows = []
    with open_account() as account:
        found = steps(account)
        for number, step in list(enumerate(found, start=1))[part::parts]:
            print(f"{number:3} of {len(found)} calls: {step.name}", flush=True)  # noqa: T201 (it takes minutes)
            rows += [
                (number, Row(step, error, ending(account, step, error, ONCE), ending(account, step, error, FOR_EVER)))
                for error in step.errors
            ]
    return rows


def main() -> str | None:
    """Make the document, one process for each core; return what should never be, None if there is nothing."""
    started = time.monotonic()
    parts = os.cpu_count() or 1
    with ProcessPoolExecutor(parts) as processes:
        numbered = [row for part in processes.map(rows_of, range(parts), [parts] * parts) for row in part]
    rows = [row for _, row in sorted(numbered, key=lambda row: row[0])]
    DOCUMENT.write_text(document(rows))
    kinds = Counter(ended.kind for row in rows for ended in (row.once, row.for_ever))
    violations = [f"{row.step.name}: {row.error}: {violation}" for row in rows for violation in row.violations]
    print(  # noqa: T201 (the figures)
        f"{len({number for number, _ in numbered})} calls, {len(rows)} errors of them, each once and for ever: "
        + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        + f", violations {len(violations)}; {time.monotonic() - started:.0f} s"
    )
    return "\n".join(violations) or None


if __name__ == "__main__":
    sys.exit(main())
