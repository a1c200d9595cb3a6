"""What a service answers: a status, headers and a body, in its own format."""

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from moto.core.utils import get_service_model
from werkzeug.http import http_date

from tests.support.embedded_aws.bodies import CutBody
from tests.support.embedded_aws.calls import Call

Answer = tuple[int, dict[str, str], bytes]
_NOT_MODIFIED = 304


class AwsError(Exception):
    """An error that a service answers. `status` counts only if the service model gives the error none of its own."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        """Keep what the answer needs."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def error_code(answer: Answer) -> str | None:
    """Return the error code of an answer, None for a success."""
    status, headers, body = answer
    if status < 300 or status == _NOT_MODIFIED:
        return None
    lower = {name.lower(): str(value) for name, value in headers.items()}
    if "x-amzn-query-error" in lower:
        return lower["x-amzn-query-error"].split(";")[0]
    code = lower.get("x-amzn-errortype") or _code_in(body)
    return code.split(":")[0].rsplit("#", 1)[-1]


def cut(answer: Answer, *, is_reset: bool) -> Answer:
    """Return an answer that ends in the middle of its body, whose length the headers tell."""
    status, headers, body = answer
    others = {name: value for name, value in headers.items() if name.lower() != "content-length"}
    part = CutBody(body[: len(body) // 2])
    part.is_reset = is_reset
    return status, others | {"Content-Length": str(len(body))}, part


def error_message(answer: Answer) -> str:
    """Return the message of an answer that is an error."""
    text = answer[2].decode(errors="replace")
    if "<Message>" in text:
        return text.split("<Message>", 1)[1].split("</Message>", 1)[0]
    try:
        parsed: Any = json.loads(text)
    except ValueError:
        parsed = None
    return str(parsed.get("message") or parsed.get("Message") or "") if isinstance(parsed, Mapping) else ""


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
    model = get_service_model(call.service)
    shape = next((s for s in model.error_shapes if code in (s.name, s.error_code)), None)
    if shape is not None:
        status = shape.metadata.get("error", {}).get("httpStatusCode", status)
    headers = {"x-amzn-RequestId": call.request_id, "Date": http_date(now)}
    fault = "Receiver" if status >= 500 else "Sender"
    if call.request is not None and call.request.headers.get("X-Amz-Target"):
        namespace = f"com.amazonaws.{call.service}.v20120810#" if call.service == "dynamodb" else ""
        if "awsQueryCompatible" in model.metadata:
            headers["x-amzn-query-error"] = f"{shape.error_code if shape else code};{fault}"
        headers["Content-Type"] = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"
        return status, headers, json.dumps({"__type": namespace + code, "message": message}).encode()
    if model.metadata["protocol"] == "rest-json":
        headers |= {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        return status, headers, json.dumps({"Type": fault, "message": message}).encode()
    if model.metadata["protocol"] == "rest-xml":
        # S3 API reference, Error responses, REST error responses.
        headers["Content-Type"] = "application/xml"
        error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        return status, headers, error.encode()
    headers["Content-Type"] = "text/xml"
    body = (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"</Error><RequestId>{call.request_id}</RequestId></ErrorResponse>"
    )
    return status, headers, body.encode()
