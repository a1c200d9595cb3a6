"""What becomes of a restore when one of the function's calls fails: every call, every error, once and for ever.

`python -m tests.proof.fault_matrix` writes it to docs/fault-matrix.md.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from table_sync.errors import Meaning, meaning
from tests.proof.account import SOURCE, Account, name_of
from tests.support.embedded_aws.faults import CONNECTION_RESET, READ_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.embedded_aws import Call

    Scenario = Callable[[Account], "str | None"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "fault-matrix.md"
# One more than the looks that miss a target until it counts as gone.
MAX_ATTEMPTS = 4
# What the function waits for an answer, in seconds.
PATIENCE = 10
ONCE, FOR_EVER = 1, math.inf

HEADING = f"""\
# Fault matrix

What becomes of a restore when one of the function's calls to AWS fails. `make fault-matrix` makes this file by letting
each call fail with each error on the embedded AWS, and `make test` fails when it is not what would be made now.

The calls are those of full syncs. The errors are those that botocore's service model declares for the
operation; those that any service may answer without declaring them; and no answer: a connection that is reset before
AWS has the request, and a read that times out after AWS has done what was asked.

- **Taken for**: *settling*, look again within seconds; *transient*, look again later; *already so*, look whether it is;
  *final*, it will not succeed by itself. Whatever SQS refuses, the message comes back by itself.
- **Once**: the first call fails, the SDK's own second try included.
- **For ever**: every such call fails, with `max_attempts` at {MAX_ATTEMPTS} in place of 1000.
- *in sync after n attempts*: the target's settings are the source's by an independent look.
- *DLQ with the reason*: the message is in the dead-letter queue with a `FailureReason` that names the call and the
  error. Every other setting is in sync, but for triggers without a stream.
- *DLQ, attempts used up*: the last attempt has put the message into the dead-letter queue, and the `FailureReason` says
  what it was waiting for; where it could not, the redrive policy has done so.

In all of them no exception leaves the handler and no message is lost. What fails for ever and ends in the dead-letter
queue is redriven once the failure is gone, and is then in sync.

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

    def meaning(self, operation: str) -> Meaning:
        """Return what the function takes it for."""
        if self.code == CONNECTION_RESET:
            return meaning(ConnectionClosedError(endpoint_url=""))
        if self.code == READ_TIMEOUT:
            return meaning(ReadTimeoutError(endpoint_url=""))
        answer = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": self.status}}
        return meaning(ClientError(answer, operation))


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

    @property
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

    def meaning(self, error: Error) -> str:
        """Return what the function takes an error for, as the matrix shows it."""
        return "" if self.service == "sqs" else error.meaning(self.operation).name.lower().replace("_", " ")


def ready(account: Account) -> str:
    """Deliver the event of a restore that is over when the function looks first."""
    return account.restore()


def otherwise_set(account: Account) -> str:
    """Deliver such an event of a target to which somebody has given another value of a setting."""
    return account.restore(meanwhile=account.enable_other_precision)


def early(account: Account) -> str:
    """Deliver the event of a restore that goes on when the function looks first."""
    return account.restore(seconds=70)


def no_restore(account: Account) -> None:
    """Deliver what is no event of a restore."""
    account.pipeline.send("no restore")


# Together they make every call that the function has.
SCENARIOS: tuple[Scenario, ...] = (ready, otherwise_set, early, no_restore)


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
            return "in sync"
        gave_up = any(reason is None or reason.startswith("gave up after") for reason in self.reasons)
        return "DLQ, attempts used up" if gave_up else "DLQ with the reason"

    def __str__(self) -> str:
        """Return it as the matrix shows it."""
        attempts = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return self.kind if "used up" in self.kind else f"{self.kind} after {attempts}"


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


def row(account: Account, step: Step, error: Error) -> Row:
    """Let the call fail with the error, once and for ever."""
    return Row(step, error, _outcome(account, step, error, ONCE), _outcome(account, step, error, FOR_EVER))


def document(rows: Iterable[Row]) -> str:
    """Return the matrix: of each call, one line for all errors that come to the same."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        key = (row.step.name, row.step.meaning(row.error), str(row.once), str(row.for_ever))
        groups.setdefault(key, []).append(str(row.error))
    lines = [f"| {name} | {', '.join(errors)} | {' | '.join(rest)} |" for (name, *rest), errors in groups.items()]
    return "\n".join([HEADING, *sorted(lines), ""])


def read_document() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the matrix on paper: by call and error, what it is taken for and how it ends once and for ever."""
    lines = DOCUMENT.read_text().removeprefix(HEADING).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line]
    return {(name, error): tuple(rest) for name, errors, *rest in cells for error in errors.split(", ")}


def _outcome(account: Account, step: Step, error: Error, times: float) -> Ending:
    """Let the call fail, once or for ever, and wait for the end."""
    account.begin()
    target = step.scenario(account)
    _fail(account, step, error, target, times)
    account.pipeline.run()
    invocations = account.pipeline.invocations
    dead_letters = account.dead_letters()
    ending = Ending(
        attempts=len(invocations),
        reasons=tuple(reason for _, reason in dead_letters),
        violations=[f"left the handler: {invocation.error}" for invocation in invocations if invocation.error],
    )
    ending.violations.extend(_lost(account, target, dead_letters))
    ending.violations.extend(_unlike(ending, step, error, times))
    if target and dead_letters and times is FOR_EVER:
        account.aws.faults.clear()
        account.redrive()
        account.pipeline.run()
        if account.dead_letters() or account.lost(target):
            ending.violations.append("a redrive does not help")
    return ending


def _fail(account: Account, step: Step, error: Error, target: str | None, times: float) -> None:
    met: list[str] = []

    def meets(call: Call) -> bool:
        if not account.pipeline.made(call) or _step_of(call, target) != step:
            return False
        # The SDK's second try is of the same invocation.
        met.append(call.request.headers["amz-sdk-invocation-id"])
        return times is FOR_EVER or met[-1] == met[0]

    def time_out(call: Call) -> None:
        account.aws.clock.advance(PATIENCE)
        raise ReadTimeoutError(endpoint_url=call.request.url)

    if error.code == READ_TIMEOUT:
        account.aws.faults.after(step.operation, time_out, math.inf, meets)
    else:
        account.aws.faults.add(step.operation, error.code, "on purpose", math.inf, error.status or 400, meets)


def _lost(account: Account, target: str | None, dead_letters: list[tuple[str, str | None]]) -> Iterator[str]:
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
    said = {name for name, outcome in last["settings"].items() if outcome["status"] in {"pending", "failed", "skipped"}}
    lost = account.lost(target)
    if lost - said:
        yield f"not in sync, and nothing said: {sorted(lost - said)}"
    if not dead_letters and (lost or last["outcome"] != "in_sync"):
        yield f"lost with the outcome {last['outcome']}: {sorted(lost)}"


def _unlike(ending: Ending, step: Step, error: Error, times: float) -> Iterator[str]:
    """Yield in what the end is not what the error's meaning leads to."""
    in_sync, reason, used_up = "in sync", "DLQ with the reason", "DLQ, attempts used up"
    # Where no answer comes AWS has done it all the same, and the next look sees it on the target.
    done = error.code == READ_TIMEOUT and not step.reads and step.service != "events"
    missing = step.operation == "DescribeTable" and error.code == "ResourceNotFoundException"
    if step.operation == "SendMessage":
        expected = {reason} if times is ONCE else {reason, used_up} if done else {used_up}
    elif step.service == "sqs" or done:
        expected = {in_sync}
    elif missing:
        expected = {in_sync if step.name.endswith("target") and times is ONCE else reason}
    elif error.meaning(step.operation) is Meaning.FINAL:
        expected = {reason} if times is FOR_EVER else {reason, in_sync}
    else:
        expected = {in_sync} if times is ONCE else {used_up}
    if ending.kind not in expected:
        yield f"{ending.kind}, and not {' or '.join(sorted(expected))}"
    if step.service != "sqs" and error.status:
        named = "was not found" if missing else f"{step.operation}: {error.code}"
        if not all(named in str(said) for said in ending.reasons):
            yield f"the reason does not say {named!r}: {ending.reasons}"


def _step_of(call: Call, target: str | None) -> Step:
    name = f"{call.service}:{name_of(call)}"
    step = Step(call.service, call.operation, name)
    if not step.reads:
        return step
    text = json.dumps(call.parameters, default=str)
    about = " of the target" if target and target in text else " of the source" if SOURCE in text else ""
    return replace(step, name=name + about)


if __name__ == "__main__":
    with Account(max_attempts=MAX_ATTEMPTS, MAX_ATTEMPTS=str(MAX_ATTEMPTS)) as shared:
        found = [row(shared, step, error) for step in steps(shared) for error in step.errors]
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(found))
    sys.exit("\n".join(f"{row.step.name}: {row.error}: {violation}" for row in found for violation in row.violations))
