"""Runs the runtime client in a child process where `time.sleep` moves the embedded AWS's clock instead of waiting.

Started as `python -m embedded_sleep HANDLER` in place of `python -m awslambdaric HANDLER`. The remaining time that the
runtime client tells a function stays that of the real clock.
"""

import http.client
import os
import runpy
import time
from typing import SupportsIndex

SLEEP_PATH = "/embedded/sleep"


def sleep(seconds: float | SupportsIndex) -> None:
    """Let the embedded clock pass `seconds`."""
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("POST", SLEEP_PATH, str(float(seconds)))
    connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    time.sleep = sleep
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
