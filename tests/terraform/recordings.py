"""What of a Terraform state is recorded: that which the tests look at and which is the same on every machine."""

from __future__ import annotations

import json
import re
from typing import Any

RECORDED = {
    "aws_cloudwatch_event_rule": {"event_pattern", "name", "state"},
    "aws_cloudwatch_event_target": {"arn", "dead_letter_config", "rule"},
    "aws_cloudwatch_metric_alarm": {
        "alarm_name",
        "comparison_operator",
        "dimensions",
        "metric_name",
        "threshold",
        "treat_missing_data",
    },
    "aws_lambda_event_source_mapping": {
        "batch_size",
        "enabled",
        "event_source_arn",
        "function_arn",
        "function_response_types",
        "scaling_config",
    },
    "aws_lambda_function": {
        "architectures",
        "environment",
        "handler",
        "layers",
        "logging_config",
        "memory_size",
        "role",
        "runtime",
        "timeout",
    },
    "aws_sqs_queue": {
        "arn",
        "delay_seconds",
        "message_retention_seconds",
        "name",
        "policy",
        "redrive_allow_policy",
        "redrive_policy",
        "sqs_managed_sse_enabled",
        "visibility_timeout_seconds",
    },
}

_VOLATILE = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://127.0.0.1:5000"),
    (re.compile(r"\b\d{12}\b"), "123456789012"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "00000000-0000-0000-0000-000000000000"),
)


def scrubbed(state: dict[str, Any]) -> dict[str, Any]:
    """Return a pytest-terraform state without what changes from run to run: ports, accounts, UUIDs, hashes, times."""
    resources = {
        kind: {
            name: {"id": values["id"]} | {key: value for key, value in values.items() if key in RECORDED[kind]}
            for name, values in named.items()
        }
        for kind, named in state["resources"].items()
        if kind in RECORDED
    }
    text = json.dumps(state | {"resources": resources})
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    scrubbed_state: dict[str, Any] = json.loads(text)
    return scrubbed_state
