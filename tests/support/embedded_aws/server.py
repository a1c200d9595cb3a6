"""moto's server on a free loopback port, behind the embedded AWS's boundary."""

import io
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from moto.core.request import Request
from moto.moto_server.werkzeug_app import (
    BackendRequest,
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from tests.support.embedded_aws.bodies import CutBody
from tests.support.embedded_aws.boundary import MOTO_ACCOUNT_KEY, Boundary, NoAnswerError

if TYPE_CHECKING:
    from types import TracebackType

    from tests.support.embedded_aws.answers import Answer


class QuietRequestHandler(MotoRequestHandler):
    """Logs nothing; the calls are in `EmbeddedAWS.calls`."""

    # An answer leaves in one piece: Go's client, if the body comes 10 ms after the headers, hangs up and asks again.
    wbufsize = 256 * 1024

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 (werkzeug's name)
        """Say nothing."""

    def make_environ(self) -> dict[str, Any]:
        """Let the application reach the connection, to be able to close it."""
        return super().make_environ() | {"embedded_aws.connection": self.connection}

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        """Say nothing."""


class Server:
    """A running server; `endpoint_url` is where. A context manager, which ends it."""

    def __init__(self, boundary: Boundary) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._boundary = boundary
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=QuietRequestHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        """Stop serving, and wait until it has."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = BackendRequest(environ)
        request.get_data()
        try:
            status, headers, body = self._boundary.handle(request, lambda: self._ask_moto(request))
        except NoAnswerError as lost:
            # However the answer is lost, a caller on the other side of a socket sees the connection end.
            environ["embedded_aws.connection"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError from lost
        if isinstance(body, CutBody):
            # Of bytes werkzeug would tell the length.
            return self._cut(Response([body], status, headers)(environ, start_response), environ)
        return Response(body, status, headers)(environ, start_response)

    @staticmethod
    def _cut(response: Iterable[bytes], environ: dict[str, Any]) -> Iterator[bytes]:
        yield from response
        environ["embedded_aws.connection"].shutdown(socket.SHUT_RDWR)

    def _ask_moto(self, request: Request) -> "Answer":
        environ = dict(request.environ)
        environ[MOTO_ACCOUNT_KEY] = self._boundary.account
        environ["wsgi.input"] = io.BytesIO(request.get_data())
        body, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        return int(status.split(" ", 1)[0]), dict(headers), b"".join(body)
