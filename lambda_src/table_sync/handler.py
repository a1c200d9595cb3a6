"""The Lambda handler: SQS batches and direct invocations."""

# ruff: noqa: E402 (imports come after what makes them faster)
from __future__ import annotations

import gc

# What is imported stays: looking for garbage in it, again and again, would only make a cold start longer.
gc.disable()

import os
from typing import Any

from table_sync.aws import Location
from table_sync.config import Config
from table_sync.queue.batch import Batch
from table_sync.queue.message import messages_of


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON, LambdaContext)
    """Serve an SQS event or a direct invocation.

    Args:
        event: an SQS event, or {"source_table": ..., "target_table": ...} with names or ARNs, and optionally `dry_run`
            (false), `only` (a list of settings), `allow_younger_source` (false), `record` (a key) and `version_id`.
            Anything else is refused.
        context: the runtime's context object.

    Returns:
        for SQS, {"batchItemFailures": [{"itemIdentifier": messageId}, ...]}; for an invocation, the report.

    Raises:
        ConfigurationError: an environment variable has a value that is not allowed.

    """
    config = Config.from_environment(os.environ)
    own = Location.of(context.invoked_function_arn)

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    messages = messages_of(event)
    if messages is None:
        # Few are made by hand, and every cold start is shorter without it.
        from table_sync import invocation  # noqa: PLC0415

        return invocation.serve(event, config, own, seconds_left).as_dict()
    returned = Batch(config, own, seconds_left).process(messages)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in returned]}


gc.freeze()
gc.enable()
