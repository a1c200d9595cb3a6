"""Runs a deployed function as Lambda does: its zips, in a process of its own, by the real runtime client."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import signals
from tests.support.embedded_aws.lambda_service import embedded_sleep
from tests.support.embedded_aws.lambda_service.function import (
    InvocationRequest,
    RuntimeResult,
    log_stream_name,
    timed_out,
)
from tests.support.embedded_aws.lambda_service.runtime_api import Event, Report, RuntimeAPI
from tests.support.memory import peak_megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.embedded_aws.lambda_service.function import DeployedFunction

# What the managed Python runtime brings along (Lambda developer guide, Building Lambda functions with Python).
RUNTIME_DISTRIBUTIONS = ("awslambdaric", "boto3")
# Lambda allows the init phase 10 s, then starts it anew under the function's own timeout (Lambda developer guide,
# Understanding the Lambda execution environment lifecycle). Here both are one wait of at least the first.
INIT_SECONDS = 10.0
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
OTHERS_MAY_READ = 0o004
AFTER_NAME = re.compile(r"[^\w.-]")


class PackageError(Exception):
    """A package that Lambda could not run."""


class ExecutionEnvironment:
    """One process that runs one version of a function, one invocation at a time, until it dies or is stopped."""

    def __init__(
        self,
        function: DeployedFunction,
        log_stream: str,
        variables: dict[str, str],
        runtime_directory: Path,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """Unpack the function's zips and start the process with `variables` as its environment.

        `runtime_directory` holds the packages of the managed runtime; `sleep` is called instead of `time.sleep` in the
        process, if given. Raises PackageError when a zip holds files that Lambda's user may not read.
        """
        self.function = function
        self.log_stream = log_stream
        self._directory = Path(tempfile.mkdtemp(prefix="lambda-"))
        self._log_position = 0
        self._warm = False
        self._stopped = False
        self._client = "embedded_sleep" if sleep else "awslambdaric"
        self._api = RuntimeAPI(sleep or time.sleep)
        try:
            self._process = self._start(variables, runtime_directory)
        except BaseException:
            self._api.close()
            shutil.rmtree(self._directory)
            raise
        self._watcher = threading.Thread(target=self._report_exit, daemon=True)
        self._watcher.start()

    @property
    def alive(self) -> bool:
        """Whether it can take another invocation."""
        return not self._stopped and self._process.poll() is None

    def invoke(self, request_id: str, payload: bytes) -> RuntimeResult:
        """Run the handler once with `payload` (JSON); an invocation that ends the process stops the environment."""
        started = time.monotonic()
        init_duration = None
        if not self._warm:
            ready = self._next_report(max(INIT_SECONDS, self.function.timeout))
            init_duration = time.monotonic() - started
            if ready is None or ready.kind != "ready":
                return self._failed(request_id, ready, started, init_duration)
            self._warm = True
        started = time.monotonic()
        self._api.send(Event(request_id, self.function.arn, self._deadline(), payload))
        report = self._next_report(self.function.timeout)
        if report is None or report.kind in {"exited", "init_error"}:
            return self._failed(request_id, report, started, init_duration)
        duration = time.monotonic() - started
        response, error = (report.body, None) if report.kind == "response" else (None, json.loads(report.body))
        return RuntimeResult(response, error, self._new_log_lines(), self.log_stream, duration, init_duration)

    @property
    def peak_megabytes(self) -> float:
        """The most memory that the process has had resident."""
        return peak_megabytes(self._process.pid)

    def stop(self) -> None:
        """Kill the process and whatever it started, and remove its files."""
        if self._stopped:
            return
        self._stopped = True
        self._kill()
        self._watcher.join()
        self._api.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _start(self, variables: dict[str, str], runtime_directory: Path) -> subprocess.Popen[bytes]:
        task, opt, home = (self._directory / name for name in ("task", "opt", "tmp"))
        for directory in (task, opt, home):
            directory.mkdir()
        _unpack(self.function.code, task)
        for layer in self.function.layers:
            _unpack(layer, opt)
        # Order: Lambda developer guide, Building Lambda functions with Python, search path of the runtime.
        path = [task, opt / "python" / "lib" / PYTHON / "site-packages", opt / "python", runtime_directory]
        environment = variables | {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "HOME": str(home),
            "LAMBDA_RUNTIME_DIR": str(runtime_directory),
            "LAMBDA_TASK_ROOT": str(task),
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "TMPDIR": str(home),
        }
        with (self._directory / "log").open("wb") as log:
            # -S keeps the interpreter's own site-packages out of reach: what the zips lack must be missing.
            return subprocess.Popen(  # noqa: S603 (the interpreter that runs this)
                [sys.executable, "-S", "-m", self._client, self.function.handler],
                cwd=task,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def _deadline(self) -> float:
        """Return when an invocation that begins now has to end, on the clock of the process (epoch seconds)."""
        return time.time() + self._api.slept + self.function.timeout

    def _report_exit(self) -> None:
        self._api.reports.put(Report("exited", body=str(self._process.wait())))

    def _next_report(self, seconds: float) -> Report | None:
        try:
            return self._api.reports.get(timeout=seconds)
        except queue.Empty:
            return None

    def _failed(
        self, request_id: str, report: Report | None, started: float, init_duration: float | None
    ) -> RuntimeResult:
        self._kill()
        self._watcher.join()
        log_lines = self._new_log_lines()
        self.stop()
        if report is None:
            error = timed_out(request_id, self.function.timeout)
        elif report.kind == "init_error":
            error = json.loads(report.body)
        else:
            how = _how_ended(int(report.body))
            error = {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: {how}",
            }
        return RuntimeResult(None, error, log_lines, self.log_stream, time.monotonic() - started, init_duration)

    def _new_log_lines(self) -> list[str]:
        with (self._directory / "log").open("rb") as log:
            log.seek(self._log_position)
            text = log.read().decode(errors="replace")
            self._log_position = log.tell()
        return [line for line in text.split("\n") if line]

    def _kill(self) -> None:
        # The process may have ended, and what it started may not.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class ChildProcessRuntime:
    """Keeps execution environments warm, and starts as many as are asked for at the same time.

    `endpoint_url` is the embedded AWS's, which must be served over HTTP for a process to reach it. With `sleep`
    (`Clock.sleep`, say) a function that sleeps does not really wait.
    """

    def __init__(self, endpoint_url: str | None, sleep: Callable[[float], None] | None = None) -> None:
        if endpoint_url is None:
            raise ValueError("A child process cannot reach an embedded AWS that is not served: use server=True.")
        self._endpoint_url = endpoint_url
        self._sleep = sleep
        self._runtime_directory = _managed_runtime()
        self._idle: list[ExecutionEnvironment] = []
        self._all: set[ExecutionEnvironment] = set()
        self._lock = threading.Lock()

    def invoke(self, function: DeployedFunction, invocation: InvocationRequest) -> RuntimeResult:
        """Run the function in an idle environment, or in a new one where there is none.

        Raises PackageError when the function's package cannot be run.
        """
        environment = self._take_idle(function)
        if environment is None:
            log_stream = log_stream_name(function, invocation.at)
            variables = function.environment(invocation.credentials, log_stream)
            variables = {"AWS_ENDPOINT_URL": self._endpoint_url} | variables
            with signals.put_off():
                environment = ExecutionEnvironment(
                    function, log_stream, variables, self._runtime_directory, self._sleep
                )
                with self._lock:
                    self._all.add(environment)
        result = environment.invoke(invocation.request_id, invocation.payload)
        with self._lock:
            if environment.alive:
                self._idle.append(environment)
        if not environment.alive:
            self._stop([environment])
        return result

    @property
    def peak_megabytes(self) -> float:
        """The most memory that one of the environments has had resident."""
        return max(environment.peak_megabytes for environment in self._all)

    def close(self) -> None:
        """Stop every environment and remove all files."""
        self._stop(list(self._all))
        shutil.rmtree(self._runtime_directory, ignore_errors=True)

    def _take_idle(self, function: DeployedFunction) -> ExecutionEnvironment | None:
        """Return an idle environment of the function, and stop those of an older version or whose process is gone."""
        with self._lock:
            mine = [environment for environment in self._idle if environment.function.arn == function.arn]
            fit = [e for e in mine if e.alive and e.function.fingerprint == function.fingerprint]
            unfit = [environment for environment in mine if environment not in fit]
            taken = fit.pop() if fit else None
            self._idle = [environment for environment in self._idle if environment not in (taken, *unfit)]
        self._stop(unfit)
        return taken

    def _stop(self, environments: list[ExecutionEnvironment]) -> None:
        for environment in environments:
            environment.stop()
        with self._lock:
            self._all.difference_update(environments)


def _how_ended(status: int) -> str:
    """Say how a process with this return code ended, as Lambda does."""
    if status >= 0:
        return f"exit status {status}"
    name = signal.strsignal(-status) or f"signal {-status}"
    return f"signal: {name.lower()}"


def _unpack(content: bytes, directory: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for entry in package.infolist():
            mode = entry.external_attr >> 16
            if mode and not mode & OTHERS_MAY_READ:
                raise PackageError(
                    f"{entry.filename} has mode {mode & 0o777:o} in the package, so Lambda could not read it: "
                    "pack it with mode 0644."
                )
        package.extractall(directory)


def _managed_runtime() -> Path:
    """Return a new directory of links to what the managed runtime provides, from this interpreter's packages."""
    directory = Path(tempfile.mkdtemp(prefix="lambda-runtime-"))
    for name in _with_requirements(RUNTIME_DISTRIBUTIONS):
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            (directory / top).symlink_to(Path(str(distribution.locate_file(top))))
    (directory / "embedded_sleep.py").symlink_to(embedded_sleep.__file__)
    return directory


def _with_requirements(names: Iterable[str]) -> set[str]:
    """Return the distributions and all that they require, without extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        required = importlib.metadata.requires(name) or ()
        waiting += [AFTER_NAME.split(line, maxsplit=1)[0] for line in required if "extra ==" not in line]
    return found
