"""Errors on purpose, at the boundary that every call crosses."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.support.embedded_aws.calls import Call

CONNECTION_RESET = "ConnectionReset"
READ_TIMEOUT = "ReadTimeout"
CRASH = "Crash"
BODY_CUT = "BodyCut"
BODY_RESET = "BodyReset"


@dataclass
class Fault:
    """One rule: which calls it meets, how often, and what it does to them."""

    operation: str
    error_code: str = ""
    message: str = ""
    times: float = 1
    status: int = 400
    when: Callable[[Call], bool] | None = None
    action: Callable[[Call], None] | None = None
    after: bool = False
    met: list[Call] = field(default_factory=list)

    def meets(self, call: Call) -> bool:
        """Whether this rule still applies, and applies to `call`."""
        name = call.name if ":" in self.operation else call.operation
        return len(self.met) < self.times and fnmatchcase(name, self.operation) and (not self.when or self.when(call))


class Faults:
    """The rules in force. `operation` is "UpdateTable", "dynamodb:UpdateTable", or a pattern such as "dynamodb:*"."""

    def __init__(self) -> None:
        """Start with none."""
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(  # noqa: PLR0913, PLR0917 (each is a fact of the fault)
        self,
        operation: str,
        error_code: str,
        message: str = "",
        times: float = 1,
        status: int = 400,
        when: Callable[[Call], bool] | None = None,
    ) -> Fault:
        """Fail the next `times` calls that match (math.inf for ever) with an error of the service's own format.

        They fail before the service sees them. `error_code` may be CONNECTION_RESET or READ_TIMEOUT: the caller gets
        no answer. Or it is BODY_CUT or BODY_RESET: the service does the call, and the connection is closed or reset in
        the middle of a body that the caller reads as a stream. Who reads no more than some bytes of it, as botocore
        does, is not told by urllib3 that it was closed. Returns the rule, whose `met` lists the calls it has failed.
        """
        after = error_code in {BODY_CUT, BODY_RESET}
        return self._append(Fault(operation, error_code, message, times, status, when, after=after))

    def throttle(self, operation: str, times: float = 1) -> Fault:
        """Answer ThrottlingException, as every service does above its request rate."""
        return self.add(operation, "ThrottlingException", "Rate exceeded", times)

    def lose_answer(
        self,
        operation: str,
        error_code: str = READ_TIMEOUT,
        times: float = 1,
        when: Callable[[Call], bool] | None = None,
    ) -> Fault:
        """Let the service do the call, and the caller not hear of it."""
        return self._append(Fault(operation, error_code, times=times, when=when, after=True))

    def before(
        self,
        operation: str,
        action: Callable[[Call], None],
        times: float = 1,
        when: Callable[[Call], bool] | None = None,
    ) -> Fault:
        """Run `action` before the service sees the call; what it raises reaches the caller in place of an answer."""
        return self._append(Fault(operation, times=times, when=when, action=action))

    def after(
        self,
        operation: str,
        action: Callable[[Call], None],
        times: float = 1,
        when: Callable[[Call], bool] | None = None,
    ) -> Fault:
        """Run `action` after the service did the call; what it raises reaches the caller in place of the answer."""
        return self._append(Fault(operation, times=times, when=when, action=action, after=True))

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._rules.clear()

    def meeting(self, call: Call, *, after: bool) -> Fault | None:
        """Take the first rule that meets `call`, and count it."""
        with self._lock:
            for rule in self._rules:
                if rule.after == after and rule.meets(call):
                    rule.met.append(call)
                    return rule
        return None

    def _append(self, rule: Fault) -> Fault:
        with self._lock:
            self._rules.append(rule)
        return rule
