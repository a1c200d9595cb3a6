"""A Lambda service that runs invocations at the same time, as many as the event source mapping's limit allows."""

from __future__ import annotations

import contextlib
import functools
import io
import math
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.support.embedded_aws.lambda_service.function import InvocationRequest, RuntimeResult, log_stream_name
from tests.support.embedded_aws.lambda_service.in_process import Context, call_handler, redirected_loggers
from tests.support.embedded_aws.lambda_service.service import SERVICE_SESSION, LambdaService
from tests.support.embedded_aws.lambda_service.timelines import Timelines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.embedded_aws import Call, Clock, EmbeddedAWS
    from tests.support.embedded_aws.lambda_service.function import DeployedFunction
    from tests.support.embedded_aws.lambda_service.service import Invocation, SqsMapping


class OutputOfTimeline(io.TextIOBase):
    """Standard output of which each timeline has its own; everybody else writes to what it was before."""

    def __init__(self, timelines: Timelines) -> None:
        super().__init__()
        self._timelines = timelines
        self._before = sys.stdout
        self._own = threading.local()

    def write(self, text: str) -> int:
        """Keep `text` for the timeline that writes it."""
        if not self._timelines.inside:
            return self._before.write(text)
        self._own.text = getattr(self._own, "text", "") + text
        return len(text)

    def lines(self) -> list[str]:
        """Return the non-empty lines that the calling timeline has written."""
        return [line for line in getattr(self._own, "text", "").split("\n") if line]


class ConcurrentRuntime:
    """Calls `handler` in this process, in the environment of the one function that it runs.

    Environment, standard output, `time.sleep` and `time.time` belong to the process, so they are set once, at the first
    invocation.
    `RuntimeResult.duration` is in seconds of the clock.
    """

    def __init__(self, handler: Callable[[Any, Any], Any], clock: Clock, timelines: Timelines) -> None:
        self._handler = handler
        self._clock = clock
        self._timelines = timelines
        self._output: OutputOfTimeline | None = None
        self._exits = contextlib.ExitStack()

    def invoke(self, function: DeployedFunction, invocation: InvocationRequest) -> RuntimeResult:
        """Call the handler once; an exception becomes the error that the runtime client would report."""
        log_stream = log_stream_name(function, invocation.at)
        output = self._output or self._take_process_over(function.environment(invocation.credentials, log_stream))
        context = Context.of(function, invocation.request_id, log_stream, self._clock)
        response, error = call_handler(self._handler, invocation.payload, context)
        seconds = self._clock.now() - invocation.at
        return RuntimeResult(response, error, output.lines(), log_stream, seconds, None)

    def close(self) -> None:
        """Give them back."""
        self._exits.close()

    def _take_process_over(self, variables: dict[str, str]) -> OutputOfTimeline:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._output = OutputOfTimeline(self._timelines)
        self._exits.enter_context(patch.dict(os.environ, kept | variables, clear=True))
        self._exits.enter_context(patch.object(time, "sleep", self._timelines.sleep))
        self._exits.enter_context(patch.object(time, "time", self._clock.now))
        self._exits.enter_context(contextlib.redirect_stdout(self._output))
        self._exits.enter_context(redirected_loggers(self._output))
        return self._output


class ConcurrentLambdaService(LambdaService):
    """Runs `handler` for the messages of the only mapped queue, up to `maximum_concurrency` invocations at a time.

    Each call that the function makes takes `call_seconds` on the clock. Not modelled: that Lambda adds pollers step by
    step, and that an environment's first invocation takes longer.
    """

    def __init__(
        self,
        aws: EmbeddedAWS,
        handler: Callable[[Any, Any], Any],
        *,
        maximum_concurrency: int = 10,
        call_seconds: float = 0.0,
    ) -> None:
        self.timelines = Timelines(aws.clock)
        super().__init__(aws, ConcurrentRuntime(handler, aws.clock, self.timelines))
        self._maximum_concurrency = maximum_concurrency
        if call_seconds:
            self._call_seconds = call_seconds
            self._rule = aws.faults.before("*", self._take_time, times=math.inf, when=self._is_function_s)

    def run_until(self, end: float) -> list[Invocation]:
        """Let the queue and the invocations work until nothing is to be done by `end` (epoch seconds)."""
        (mapping,) = self._sqs_mappings()
        invocations: list[Invocation] = []

        def run(messages: list[dict[str, Any]]) -> None:
            invocations.append(self._run_batch(mapping, messages))

        while True:
            while self.timelines.running < self._maximum_concurrency and (messages := self._receive(mapping)):
                self.timelines.start(functools.partial(run, messages))
            following = self._following(mapping)
            if following is None or following > end:
                return invocations
            if following == self.timelines.next_waking:
                self.timelines.advance()
            else:
                self.aws.clock.advance(max(0.0, following - self.aws.clock.now()))

    def _following(self, mapping: SqsMapping) -> float | None:
        """Return when the next thing happens: somebody wakes, or a message becomes visible that can be served."""
        times = [self.timelines.next_waking]
        if self.timelines.running < self._maximum_concurrency:
            times.append(self.aws.sqs.next_visible(mapping.queue_arn))
        return min((time for time in times if time is not None), default=None)

    def _take_time(self, _: Call) -> None:
        # A rule remembers each call that it has met, and a storm makes many.
        self._rule.met.clear()
        self.timelines.sleep(self._call_seconds)

    def _is_function_s(self, call: Call) -> bool:
        service_s = call.principal is not None and call.principal.arn.endswith(f"/{SERVICE_SESSION}")
        return self.timelines.inside and not service_s
