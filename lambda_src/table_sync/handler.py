"""The Lambda's door: SQS batches and direct invocation."""

from __future__ import annotations

from typing import Any


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001, ANN401
    """Return what the event source mapping reads: no record has to come back."""
    return {"batchItemFailures": []}
