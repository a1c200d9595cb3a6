"""The Lambda handler of the recorder: messages of its queue, the start of a sweep, and queries of the event history."""

# ruff: noqa: E402 (imports come after what makes them faster)
from __future__ import annotations

import gc

# As in handler.py.
gc.disable()

import os
from datetime import UTC, datetime
from typing import Any

from table_sync.aws import Location, client
from table_sync.queue.message import messages_of
from table_sync.recording.batch import RecorderBatch
from table_sync.recording.event_history import EventHistory
from table_sync.recording.recorder_config import RecorderConfig
from table_sync.recording.task import SweepPart
from table_sync.telemetry import logger

# Less than there are between two queries by default (event_history_schedule): they share their request rate.
_LOOK_UP_SECONDS = 280


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON, LambdaContext)
    """Serve an SQS event, start a sweep, or query the event history.

    Args:
        event: an SQS event of the recorder's queue, {"sweep": true} or {"look_up": true}. Anything else is logged and
            dropped.
        context: the runtime's context object.

    Returns:
        for SQS, {"batchItemFailures": [{"itemIdentifier": messageId}, ...]}; for a query, {"sent": how many restores
        were sent to the queue, "complete": whether everything up to now was queried}; otherwise an empty object.

    Raises:
        botocore.exceptions.ClientError: the first part of a sweep could not be sent; Lambda retries the invocation.

    """
    config = RecorderConfig.from_environment(os.environ)
    own = Location.of(context.invoked_function_arn)

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    messages = messages_of(event)
    if messages is not None:
        returned = RecorderBatch(config, own, seconds_left).process(messages)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in returned]}
    if event == {"look_up": True}:
        not_used = max(0.0, seconds_left() - _LOOK_UP_SECONDS)
        found = EventHistory(config, own, lambda: seconds_left() - not_used).look_up()
        return {"sent": found.sent, "complete": found.complete}
    if event == {"sweep": True}:
        first = SweepPart(datetime.now(UTC))
        client("sqs", own.region).send_message(QueueUrl=config.recorder_queue_url, MessageBody=first.as_message())
        logger.info("A sweep of all tables starts")
    else:
        reason = 'It is neither an SQS event nor {"sweep": true} nor {"look_up": true}.'
        logger.error("The event is dropped", extra={"reason": reason})
    return {}


gc.freeze()
gc.enable()
