"""The Lambda Runtime API, which a runtime asks for its next event and tells the result.

Source: Lambda developer guide, Using the Lambda runtime API, and awslambdaric, its client.
"""

from __future__ import annotations

import json
import queue
import re
import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.lambda_service.embedded_sleep import SLEEP_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
PREFIX = "/2018-06-01/runtime"
RESULT_PATH = re.compile(re.escape(PREFIX) + r"/invocation/(?P<request_id>[^/]+)/(?P<kind>response|error)")


@dataclass(frozen=True)
class Event:
    """One invocation as the runtime receives it; `deadline` is epoch seconds."""

    request_id: str
    function_arn: str
    deadline: float
    payload: bytes


@dataclass(frozen=True)
class Report:
    """What the runtime, or the process around it, said.

    `kind` is "ready" (it asked for an event for the first time), "response", "error", "init_error" or "exited". `body`
    is the JSON text it sent, and for "exited" the process's return code.
    """

    kind: str
    request_id: str | None = None
    body: str = ""


class RuntimeAPI:
    """Serves one execution environment on a free port of 127.0.0.1.

    Put an `Event` with `send`; read what comes of it from `reports`. What the runtime sleeps through (see
    `embedded_sleep`) is told to `sleep`, in seconds, and added up in `slept`.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self.slept = 0.0
        self._sleep = sleep
        self.reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._running: str | None = None
        self._asked = False
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def sleep(self, seconds: float) -> None:
        """Let the embedded clock pass what the runtime sleeps through."""
        self.slept += seconds
        self._sleep(seconds)

    @property
    def address(self) -> str:
        """`host:port`, as AWS_LAMBDA_RUNTIME_API has it."""
        return f"{HOST}:{self._server.server_port}"

    def send(self, event: Event) -> None:
        """Answer the runtime's request for the next event with this one."""
        self._events.put(event)

    def close(self) -> None:
        """Stop serving; a runtime that waits for an event is let go."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next_event(self) -> Event | None:
        """Wait for the next event; None when the service ends."""
        if not self._asked:
            self._asked = True
            self.reports.put(Report("ready"))
        event = self._events.get()
        self._running = event.request_id if event else None
        return event

    def finish(self, kind: str, request_id: str, body: str) -> bool:
        """Take a result; False when it is not for the invocation that runs."""
        if request_id != self._running:
            return False
        self._running = None
        self.reports.put(Report(kind, request_id, body))
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeAPI) -> None:
        super().__init__((HOST, 0), _Handler)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: a process that is killed drops its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        if self.path != f"{PREFIX}/invocation/next":
            self._answer(HTTPStatus.NOT_FOUND, _error("NotFound", f"There is no {self.path}."))
            return
        event = self.server.api.next_event()
        if event is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(event.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(event.deadline):08x}-{secrets.token_hex(12)};Sampled=0",
        }
        self._answer(HTTPStatus.OK, event.payload, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == f"{PREFIX}/init/error":
            self.server.api.reports.put(Report("init_error", body=body))
            self._answer(HTTPStatus.ACCEPTED, b'{"status": "OK"}')
            return
        if self.path == SLEEP_PATH:
            self.server.api.sleep(float(body))
            self._answer(HTTPStatus.ACCEPTED, b"")
            return
        result = RESULT_PATH.fullmatch(self.path)
        if result is None:
            self._answer(HTTPStatus.NOT_FOUND, _error("NotFound", f"There is no {self.path}."))
        elif self.server.api.finish(result["kind"], result["request_id"], body):
            self._answer(HTTPStatus.ACCEPTED, b'{"status": "OK"}')
        else:
            self._answer(HTTPStatus.BAD_REQUEST, _error("InvalidRequestID", "Invalid request ID"))

    def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet: what the function says is captured elsewhere."""


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
