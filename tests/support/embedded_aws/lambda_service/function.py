"""A Lambda function as the embedded AWS stores it, and the environment that Lambda gives it."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

TIMED_OUT = "Sandbox.Timedout"
LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class DeployedFunction:
    """What Lambda knows of one version of a function; `code` and `layers` are the zips that were uploaded."""

    arn: str
    name: str
    version: str
    region: str
    account_id: str
    handler: str
    runtime: str
    role: str
    timeout: int
    memory_size: int
    variables: dict[str, str]
    logging: dict[str, str]
    code_sha256: str
    layer_arns: tuple[str, ...]
    code: bytes = field(repr=False)
    layers: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def read(cls, backend: Any, name_or_arn: str, qualifier: str | None = None) -> DeployedFunction:
        """Read a function from moto's Lambda backend.

        The uploaded bytes are taken from the backend because moto's GetFunction gives a code location that nothing
        serves.

        Raises moto's UnknownFunctionException when there is no such function.
        """
        stored = backend.get_function(name_or_arn, qualifier)
        configuration = stored.get_configuration()
        layer_arns = tuple(layer["Arn"] for layer in configuration["Layers"])
        return cls(
            arn=configuration["FunctionArn"],
            name=configuration["FunctionName"],
            version=configuration["Version"] if qualifier else "$LATEST",
            region=stored.region,
            account_id=stored.account_id,
            handler=configuration["Handler"],
            runtime=configuration["Runtime"],
            role=configuration["Role"],
            timeout=int(configuration["Timeout"]),
            memory_size=int(configuration["MemorySize"]),
            variables=dict(configuration.get("Environment", {}).get("Variables", {})),
            logging=dict(configuration.get("LoggingConfig") or {}),
            code_sha256=configuration["CodeSha256"],
            layer_arns=layer_arns,
            code=stored.code_bytes,
            layers=tuple(backend.layers_versions_by_arn(arn).code_bytes for arn in layer_arns),
        )

    @property
    def log_group(self) -> str:
        """The log group, which LoggingConfig may override."""
        return self.logging.get("LogGroup") or f"/aws/lambda/{self.name}"

    @property
    def fingerprint(self) -> str:
        """Changes with every change of code or configuration, upon which Lambda starts new execution environments."""
        configuration = {name: value for name, value in vars(self).items() if name not in {"code", "layers"}}
        return hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()

    def keeps(self, line: str) -> bool:
        """Say whether Lambda's log level lets a line through, which only the JSON format has.

        A JSON object without a level, or without a timestamp of RFC 3339, counts as INFO (Lambda developer guide,
        Log-level filtering).
        """
        if self.logging.get("LogFormat") != "JSON":
            return True
        try:
            record = json.loads(line)
        except ValueError:
            return True
        if not isinstance(record, dict):
            return True
        level = record.get("level") if RFC_3339.fullmatch(str(record.get("timestamp"))) else "INFO"
        level = {"WARNING": "WARN", "CRITICAL": "FATAL"}.get(str(level), level)
        least = self.logging.get("ApplicationLogLevel") or "INFO"
        return LOG_LEVELS.index(level if level in LOG_LEVELS else "INFO") >= LOG_LEVELS.index(least)

    def system_log(self, result: RuntimeResult, request_id: str, timestamp: int) -> list[str]:
        """Return what Lambda itself logs of a run that ended at `timestamp` (milliseconds), in JSON.

        No line of it says that a run timed out, other than its status (Lambda developer guide, Telemetry API Event
        schema reference, PlatformReport; Configuring JSON and plain text log formats). Text is not modelled.
        """
        if self.logging.get("LogFormat") != "JSON":
            return []
        error_type = (result.error or {}).get("errorType", "")
        outcome = {"status": "success"} if result.error is None else {"status": "error", "errorType": error_type}
        if error_type == TIMED_OUT:
            outcome = {"status": "timeout"}
        record = {"requestId": request_id, "metrics": {"durationMs": round(result.duration * 1000, 3)}, **outcome}
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(timestamp / 1000))
        return [json.dumps({"time": at, "type": "platform.report", "record": record})]

    def environment(self, credentials: dict[str, str], log_stream: str) -> dict[str, str]:
        """Return the variables that Lambda sets whatever the process, and the function's own.

        `credentials` are the role's, as environment variables. Source: Lambda developer guide, Defined runtime
        environment variables, and Configuring JSON and plain text log formats.
        """
        variables = {
            "_HANDLER": self.handler,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "AWS_REGION": self.region,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
        }
        if self.logging.get("LogFormat") == "JSON":
            variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
            variables["AWS_LAMBDA_LOG_LEVEL"] = self.logging.get("ApplicationLogLevel") or "INFO"
        return variables | credentials | self.variables


@dataclass(frozen=True)
class InvocationRequest:
    """One invocation: its payload (JSON), when it was made (epoch seconds), and the role's credentials."""

    request_id: str
    payload: bytes
    at: float
    credentials: dict[str, str]


@dataclass(frozen=True)
class RuntimeResult:
    """How one invocation ended.

    Exactly one of `response` (the JSON text that the handler's return value became) and `error` (errorType,
    errorMessage, and stackTrace for an exception) is set. `duration` and `init_duration` are real seconds;
    `init_duration` is None for an environment that was warm.
    """

    response: str | None
    error: dict[str, Any] | None
    log_lines: list[str]
    log_stream: str
    duration: float
    init_duration: float | None


def log_stream_name(function: DeployedFunction, at: float) -> str:
    """Return a name for the log stream of an execution environment that starts `at` (epoch seconds)."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime(at))}/[{function.version}]{secrets.token_hex(16)}"


def timed_out(request_id: str, seconds: int) -> dict[str, str]:
    """Return Lambda's error for a function that ran longer than its timeout of `seconds`."""
    return {
        "errorType": TIMED_OUT,
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds",
    }
