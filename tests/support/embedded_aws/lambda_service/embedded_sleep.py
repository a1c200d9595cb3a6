"""Runs the runtime client in a child process where `time.sleep` moves the embedded AWS's clock instead of waiting.

Started as `python -m embedded_sleep HANDLER` in place of `python -m awslambdaric HANDLER`. `time.time` tells the real
time and what was slept through, so that the time which the runtime client says is left passes in sleep, too.
"""

import http.client
import os
import runpy
import time
from typing import SupportsIndex

SLEEP_PATH = "/embedded/sleep"


_real_time = time.time
_slept = 0.0


def now() -> float:
    """Return epoch seconds."""
    return _real_time() + _slept


def sleep(seconds: float | SupportsIndex) -> None:
    """Let the embedded clock pass `seconds`."""
    global _slept  # noqa: PLW0603 (it stands in for a function without state)
    _slept += float(seconds)
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("POST", SLEEP_PATH, str(float(seconds)))
    connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    time.sleep, time.time = sleep, now
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
