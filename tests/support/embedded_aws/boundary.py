"""The boundary that every call crosses: it is recorded, may meet a fault, and goes to the service."""

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from moto.core.request import Request
from moto.core.utils import get_service_model
from werkzeug.http import http_date

from tests.support.embedded_aws.calls import Call, operation_and_parameters, signature
from tests.support.embedded_aws.faults import CONNECTION_RESET, READ_TIMEOUT, Fault

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS

Answer = tuple[int, dict[str, str], bytes]


class NoAnswerError(Exception):
    """The caller gets no answer: `reason` is CONNECTION_RESET or READ_TIMEOUT."""

    def __init__(self, reason: str, call: Call) -> None:
        """Keep both."""
        super().__init__(f"{call.name}: {reason}")
        self.reason = reason
        self.call = call


class Boundary:
    """Records calls, applies faults, and hands calls to the services."""

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Serve `aws`."""
        self._aws = aws
        self._one_at_a_time = threading.RLock()

    def handle(self, request: Request, moto: Callable[[], Answer]) -> Answer:
        """Answer `request`; `moto` is the way to moto's own handling of it.

        Raises NoAnswerError, or what a fault's action raises.
        """
        signed = signature(request)
        if signed is None:
            return moto()
        operation, parameters = operation_and_parameters(signed.service, request)
        call = Call(
            service=signed.service,
            operation=operation,
            region=signed.region,
            parameters=parameters,
            at=self._aws.clock.now(),
            principal=self._aws.principal(signed.access_key),
            request=request,
        )
        self._aws.calls.append(call)
        answer = self._apply(self._aws.faults.meeting(call, after=False), call)
        if answer is None:
            answer = self._serve(call, moto)
            call.error = error_code(answer)
            answer = self._apply(self._aws.faults.meeting(call, after=True), call) or answer
        return answer

    def _serve(self, call: Call, moto: Callable[[], Answer]) -> Answer:
        with self._one_at_a_time:
            handler = self._aws.handlers.get(call.service)
            status, headers, body = handler(call) if handler else moto()
        return int(status), dict(headers), body.encode() if isinstance(body, str) else body

    def _apply(self, fault: Fault | None, call: Call) -> Answer | None:
        if fault is None:
            return None
        if fault.action:
            fault.action(call)
            return None
        call.error = fault.error_code
        if fault.error_code in {CONNECTION_RESET, READ_TIMEOUT}:
            raise NoAnswerError(fault.error_code, call)
        return error_answer(call, fault.error_code, fault.message, fault.status, self._aws.clock.now())


def error_code(answer: Answer) -> str | None:
    """Return the error code of an answer, None for a success."""
    status, headers, body = answer
    if status < 400:  # noqa: PLR2004 (HTTP)
        return None
    lower = {name.lower(): str(value) for name, value in headers.items()}
    if "x-amzn-query-error" in lower:
        return lower["x-amzn-query-error"].split(";")[0]
    code = lower.get("x-amzn-errortype") or _code_in(body)
    return code.split(":")[0].rsplit("#", 1)[-1]


def _code_in(body: bytes) -> str:
    text = body.decode(errors="replace")
    if "<Code>" in text:
        return text.split("<Code>", 1)[1].split("</Code>", 1)[0]
    try:
        parsed: Any = json.loads(text)
    except ValueError:
        parsed = None
    return str(parsed.get("__type", "Unknown")) if isinstance(parsed, Mapping) else "Unknown"


def error_answer(call: Call, code: str, message: str, status: int, now: float) -> Answer:
    """Return an error as `call`'s service would write it (Smithy: awsJson, restJson1 and awsQuery error formats).

    `status` holds unless the service model gives the error a status of its own.
    """
    request_id = str(uuid.uuid4())
    model = get_service_model(call.service)
    shape = next((s for s in model.error_shapes if code in (s.name, s.error_code)), None)
    if shape is not None:
        status = shape.metadata.get("error", {}).get("httpStatusCode", status)
    headers = {"x-amzn-RequestId": request_id, "Date": http_date(now)}
    fault = "Receiver" if status >= 500 else "Sender"  # noqa: PLR2004 (HTTP)
    if call.request is not None and call.request.headers.get("X-Amz-Target"):
        namespace = f"com.amazonaws.{call.service}.v20120810#" if call.service == "dynamodb" else ""
        if "awsQueryCompatible" in model.metadata:
            headers["x-amzn-query-error"] = f"{code};{fault}"
        headers["Content-Type"] = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"
        return status, headers, json.dumps({"__type": namespace + code, "message": message}).encode()
    if model.metadata["protocol"] == "rest-json":
        headers |= {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        return status, headers, json.dumps({"Type": fault, "message": message}).encode()
    headers["Content-Type"] = "text/xml"
    body = (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return status, headers, body.encode()
