"""Runs a handler in this process, with what a deployed function would be given: for tests that must be fast."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.support.embedded_aws.lambda_service.function import (
    InvocationRequest,
    RuntimeResult,
    log_stream_name,
    timed_out,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.embedded_aws import Clock
    from tests.support.embedded_aws.lambda_service.function import DeployedFunction


@dataclass(frozen=True)
class Context:
    """The context object (Lambda developer guide, Using the Lambda context object), on the embedded AWS's clock."""

    aws_request_id: str
    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str
    timeout: int
    deadline: float
    clock: Clock

    @classmethod
    def of(cls, function: DeployedFunction, request_id: str, log_stream: str, clock: Clock) -> Context:
        """Return the context of an invocation that begins now."""
        return cls(
            aws_request_id=request_id,
            function_name=function.name,
            function_version=function.version,
            invoked_function_arn=function.arn,
            memory_limit_in_mb=str(function.memory_size),
            log_group_name=function.log_group,
            log_stream_name=log_stream,
            timeout=function.timeout,
            deadline=clock.now() + function.timeout,
            clock=clock,
        )

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda would end the invocation."""
        return max(0, int((self.deadline - self.clock.now()) * 1000))


class InProcessRuntime:
    """Calls `handler` instead of the deployed code, in the deployed function's environment.

    `environment` adds to the function's variables or overrides them. `time.sleep` moves `clock`, `time.time` tells it.
    """

    def __init__(
        self, handler: Callable[[Any, Any], Any], clock: Clock, environment: Mapping[str, str] | None = None
    ) -> None:
        self._handler = handler
        self._clock = clock
        self._environment = dict(environment or {})
        self._log_streams: dict[str, str] = {}

    def invoke(self, function: DeployedFunction, invocation: InvocationRequest) -> RuntimeResult:
        """Call the handler once; an exception becomes the error that the runtime client would report."""
        # One execution environment for each function, as long as this process.
        log_stream = self._log_streams.setdefault(function.arn, log_stream_name(function, invocation.at))
        context = Context.of(function, invocation.request_id, log_stream, self._clock)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        variables = kept | function.environment(invocation.credentials, log_stream) | self._environment
        output = io.StringIO()
        started = time.perf_counter()
        with (
            patch.dict(os.environ, variables, clear=True),
            patch.object(time, "sleep", self._clock.sleep),
            patch.object(time, "time", self._clock.now),
            contextlib.redirect_stdout(output),
            redirected_loggers(output),
        ):
            response, error = call_handler(self._handler, invocation.payload, context)
        duration = time.perf_counter() - started
        log_lines = [line for line in output.getvalue().split("\n") if line]
        return RuntimeResult(response, error, log_lines, log_stream, duration, None)

    def close(self) -> None:
        """End the execution environments: each function has a new one next."""
        self._log_streams.clear()


def call_handler(
    handler: Callable[[Any, Any], Any], payload: bytes, context: Context
) -> tuple[str | None, dict[str, Any] | None]:
    """Return the JSON text of what `handler` returns and None, or None and the error that the runtime client reports.

    A handler that returns after its deadline has timed out.
    """
    response: str | None = None
    error: dict[str, Any] | None = None
    try:
        response = json.dumps(handler(json.loads(payload), context))
    except Exception as raised:  # noqa: BLE001 (the runtime reports every exception)
        error = {
            "errorType": type(raised).__name__,
            "errorMessage": str(raised),
            "stackTrace": traceback.format_tb(raised.__traceback__)[1:],
        }
    if context.clock.now() > context.deadline:
        return None, timed_out(context.aws_request_id, context.timeout)
    return response, error


@contextlib.contextmanager
def redirected_loggers(output: io.TextIOBase) -> Iterator[None]:
    """Let loggers write to `output`: a handler keeps the standard output of the time when its module was imported."""
    loggers = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    handlers = {handler for logger in loggers for handler in logger.handlers if type(handler) is logging.StreamHandler}
    streams = {handler: handler.setStream(output) for handler in handlers}
    try:
        yield
    finally:
        for handler, stream in streams.items():
            handler.setStream(stream)
