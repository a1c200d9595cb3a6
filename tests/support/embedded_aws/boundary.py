"""The boundary that every call crosses: it is recorded, may meet a fault, and goes to the service."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from moto.core.request import Request

from tests.support.embedded_aws import bucket_policies, bucket_regions
from tests.support.embedded_aws.answers import Answer, AwsError, cut, error_answer, error_code
from tests.support.embedded_aws.calls import Call, Principal, Signature, operation_and_parameters, signature
from tests.support.embedded_aws.faults import BODY_CUT, BODY_RESET, CONNECTION_RESET, CRASH, READ_TIMEOUT, Fault

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS


# moto's own header x-moto-account-id, for the account of a request (its documentation, Multi-Account support).
MOTO_ACCOUNT_KEY = "HTTP_X_MOTO_ACCOUNT_ID"


class NoAnswerError(Exception):
    """The caller gets no answer: `reason` is CONNECTION_RESET, READ_TIMEOUT, or CRASH, whose `crash` was raised."""

    def __init__(self, reason: str, call: Call, crash: BaseException | None = None) -> None:
        """Keep all."""
        super().__init__(f"{call.name}: {reason}")
        self.reason = reason
        self.crash = crash


class Boundary:
    """Records calls, applies faults, and hands calls to the services."""

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Serve `aws`."""
        self._aws = aws

    def handle(self, request: Request, moto: Callable[[], Answer]) -> Answer:
        """Answer `request`; `moto` is the way to moto's own handling of it.

        Raises NoAnswerError.
        """
        signed = signature(request)
        if signed is None:
            return moto()
        principal = self._aws.principal(signed.access_key)
        with self._aws.in_account(principal.account):
            return self._answer(request, signed, principal, moto)

    @property
    def account(self) -> str:
        """The account of the call that is being served."""
        return self._aws.account

    def _answer(self, request: Request, signed: Signature, principal: Principal, moto: Callable[[], Answer]) -> Answer:
        operation, parameters = operation_and_parameters(signed.service, request)
        call = Call(
            service=signed.service,
            operation=operation,
            region=signed.region,
            parameters=parameters,
            at=self._aws.clock.now(),
            principal=principal,
            request=request,
        )
        self._aws.calls.append(call)
        if self._aws.delays.call and not principal.is_administrator:
            self._aws.clock.advance(self._aws.delays.call)
        answer = self._apply(self._aws.faults.meeting(call, after=False), call)
        if answer is None:
            answer = self._serve(call, moto)
            call.error = error_code(answer)
            call.done = call.error is None
            with self._aws.lock:
                self._aws.cloudtrail.record(call, answer)
            answer = self._apply(self._aws.faults.meeting(call, after=True), call, answer) or answer
        return answer

    def _serve(self, call: Call, moto: Callable[[], Answer]) -> Answer:
        with self._aws.lock:
            # What DynamoDB has done meanwhile depends on what other services had then, such as a Kinesis stream.
            self._aws.dynamodb.settle()
            answer = bucket_regions.redirection(call, self._aws.clock.now()) or self._serve_here(call, moto)
            return bucket_regions.located(call, answer)

    def _serve_here(self, call: Call, moto: Callable[[], Answer]) -> Answer:
        try:
            self._aws.permissions.check(call)
            bucket_policies.check(call)
            self._aws.rate_limits.check(call)
        except AwsError as error:
            return error_answer(call, error.code, error.message, error.status, self._aws.clock.now())
        service = self._aws.services.get(call.service)
        return service.handle(call, moto) if service else moto()

    def _apply(self, fault: Fault | None, call: Call, answer: Answer | None = None) -> Answer | None:
        if fault is None:
            return None
        if fault.action:
            try:
                fault.action(call)
            except BaseException as crash:
                raise NoAnswerError(CRASH, call, crash) from crash
            return None
        call.error = fault.error_code
        if fault.error_code in {CONNECTION_RESET, READ_TIMEOUT}:
            raise NoAnswerError(fault.error_code, call)
        if answer and fault.error_code in {BODY_CUT, BODY_RESET}:
            return cut(answer, is_reset=fault.error_code == BODY_RESET)
        return error_answer(call, fault.error_code, fault.message, fault.status, self._aws.clock.now())
