"""An account in which everything is set up once, and any number of restores are made."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any, Self

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.pipeline import Pipeline
from tests.support.tables import FILTER, make_function, make_source, restore, settings_of, wait_until_active

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.embedded_aws import Call

# The same in each run, so that all come out the same: 2027-01-15.
START = 1_800_000_000.0
SOURCE = "orders"
# Whether to try everything, which takes long, and not a sample: `make proof` does.
FULL = os.environ.get("PROOF") == "full"


def name_of(call: Call) -> str:
    """Return the operation of a call, and of UpdateTable, which takes one concern a call, what it changes."""
    if call.operation != "UpdateTable":
        return call.operation
    return f"UpdateTable of {', '.join(sorted(call.parameters.keys() - {'TableName'}))}"


class Account:
    """The pipeline, and a source with every setting, one trigger of it with an encrypted filter.

    A context manager. `options` are those of the pipeline.
    """

    def __init__(self, **options: Any) -> None:
        self.aws = EmbeddedAWS(start=START)
        self._options = options
        self._restores = 0

    def __enter__(self) -> Self:
        """Set it up."""
        self.aws.__enter__()
        self.pipeline = Pipeline(self.aws, **self._options).__enter__()
        make_source(self.aws, SOURCE)
        self._give_encrypted_trigger()
        self.aws.clock.advance(60)
        self.source_settings = settings_of(self.aws, SOURCE)
        self._alarms_of_source = self._alarms()
        self.begin()
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave nothing."""
        self.pipeline.__exit__()
        self.aws.__exit__(None, None, None)

    def begin(self) -> None:
        """Forget what went before, and let chance be the same for what comes."""
        random.seed(0)
        self._forget_restores()
        self.aws.calls.clear()
        self.aws.faults.clear()
        self.pipeline.invocations.clear()
        for arn in (self.pipeline.function.queue_arn, self.pipeline.function.dlq_arn):
            self.aws.sqs.queue(arn).stored.clear()

    def restore(self, seconds: float = 5, meanwhile: Callable[[str], None] | None = None) -> str:
        """Restore the source in so many seconds; return the target.

        `meanwhile` is called with the target when it is ready, and before the function looks at it.
        """
        self._restores += 1
        target = f"{SOURCE}-restored-{self._restores}"
        self.aws.restore_seconds = seconds
        restore(self.aws, SOURCE, target)
        if meanwhile:
            wait_until_active(self.aws, target)
            meanwhile(target)
        return target

    def enable_other_precision(self, target: str) -> None:
        """Let the target stream to where the source does, with milliseconds."""
        (stream_arn,) = self.source_settings["kinesis"]
        self.aws.client("dynamodb").enable_kinesis_streaming_destination(TableName=target, StreamArn=stream_arn)

    def lost(self, target: str) -> set[str]:
        """Return the settings in which the target differs from the source by an independent look."""
        self.aws.clock.advance(120)  # what is still ENABLING
        found = settings_of(self.aws, target)
        return {name for name, value in self.source_settings.items() if found[name] != value}

    def dead_letters(self) -> list[tuple[str, str | None]]:
        """Return body and FailureReason of each message in the dead-letter queue."""
        messages = self.aws.sqs.messages(self.pipeline.function.dlq_arn)
        return [(message.body, message.attributes.get("FailureReason", {}).get("StringValue")) for message in messages]

    def redrive(self) -> None:
        """Move the messages of the dead-letter queue to the queue."""
        function = self.pipeline.function
        self.aws.client("sqs").start_message_move_task(SourceArn=function.dlq_arn, DestinationArn=function.queue_arn)

    def _forget_restores(self) -> None:
        """Delete what the restored tables have of which any look at their account would get more and more."""
        scaling = self.aws.client("application-autoscaling")
        for target in scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]:
            if target["ResourceId"].split("/")[1] != SOURCE:
                identity = ("ServiceNamespace", "ResourceId", "ScalableDimension")
                scaling.deregister_scalable_target(**{key: target[key] for key in identity})
        self.aws.client("cloudwatch").delete_alarms(AlarmNames=sorted(self._alarms() - self._alarms_of_source))

    def _alarms(self) -> set[str]:
        pages = self.aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
        return {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}

    def _give_encrypted_trigger(self) -> None:
        table = self.aws.client("dynamodb").describe_table(TableName=SOURCE)["Table"]
        self.aws.client("lambda").create_event_source_mapping(
            EventSourceArn=table["LatestStreamArn"],
            FunctionName=make_function(self.aws, f"{SOURCE}-secret"),
            StartingPosition="LATEST",
            FilterCriteria=FILTER,
            KMSKeyArn=f"arn:aws:kms:eu-west-1:{self.aws.account}:key/00000000-0000-0000-0000-000000000000",
        )
