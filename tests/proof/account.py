"""An account in which everything is set up once, and any number of restores are made."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Self

from table_sync import aws as function_clients
from tests.settings import on_demand_throughput
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.pipeline import Pipeline
from tests.support.tables import FILTER, make_function, make_source, make_table, restore, settings_of, wait_until_active

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.embedded_aws import Call

# The same in each run, so that all come out the same: 2027-01-15.
START = 1_800_000_000.0
# Seconds in which one attempt finds nothing but a destination that is UPDATING; in AWS's 138, several alike do.
SHORT_KINESIS_PRECISION = 70
SOURCE, ON_DEMAND = "orders", "orders-on-demand"
_RESTORED = "-restored-"


def name_of(call: Call) -> str:
    """Return the operation of a call, and of UpdateTable, which takes one concern a call, what it changes."""
    if call.operation != "UpdateTable":
        return call.operation
    return f"UpdateTable of {', '.join(sorted(call.parameters.keys() - {'TableName'}))}"


class Account:
    """The pipeline and two sources: one with every setting that one table can have, one on demand with the rest.

    A trigger of the first has an encrypted filter, the policy of the second denies somebody something. A context
    manager. `options` are those of the pipeline.
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
        self._make_on_demand_source()
        self.aws.clock.advance(60)
        backup = self.aws.client("dynamodb").create_backup(TableName=SOURCE, BackupName="nightly")
        self._backup_arn = backup["BackupDetails"]["BackupArn"]
        self._sources = {source: settings_of(self.aws, source) for source in (SOURCE, ON_DEMAND)}
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
        function_clients.caller.cache_clear()
        self._forget_restores()
        self.aws.calls.clear()
        self.aws.faults.clear()
        self.pipeline.invocations.clear()
        for arn in (self.pipeline.function.queue_arn, self.pipeline.function.dlq_arn):
            self.aws.sqs.queue(arn).stored.clear()

    def restore(
        self,
        source: str = SOURCE,
        *,
        seconds: float = 5,
        meanwhile: Callable[[str], None] | None = None,
        **overrides: Any,
    ) -> str:
        """Restore a source in so many seconds; return the target.

        `meanwhile` is called with the target when it is ready, and before the function looks at it.
        """
        self._restores += 1
        target = f"{source}{_RESTORED}{self._restores}"
        self.aws.restore_seconds = seconds
        restore(self.aws, source, target, **overrides)
        if meanwhile:
            wait_until_active(self.aws, target)
            meanwhile(target)
        return target

    def restore_backup(self, *, seconds: float = 5) -> str:
        """Restore the source's backup in so many seconds; return the target."""
        self._restores += 1
        target = f"{SOURCE}{_RESTORED}{self._restores}"
        self.aws.restore_seconds = seconds
        self.aws.client("dynamodb").restore_table_from_backup(BackupArn=self._backup_arn, TargetTableName=target)
        return target

    def enable_other_precision(self, target: str) -> None:
        """Let the target stream to where the source does, with milliseconds."""
        (stream_arn,) = self._sources[SOURCE]["kinesis"]
        self.aws.client("dynamodb").enable_kinesis_streaming_destination(TableName=target, StreamArn=stream_arn)

    def enable_missing_stream(self, target: str) -> None:
        """Let DynamoDB fail to stream to a Kinesis stream that does not exist."""
        (stream_arn,) = self._sources[SOURCE]["kinesis"]
        missing = f"{stream_arn}-missing"
        self.aws.client("dynamodb").enable_kinesis_streaming_destination(TableName=target, StreamArn=missing)
        self.aws.clock.advance(30)

    def lost(self, table: str) -> set[str]:
        """Return the settings in which a target differs from its source, or a source from what it was.

        By an independent look.
        """
        self.aws.clock.advance(120)  # what is still ENABLING
        found = settings_of(self.aws, table)
        return {name for name, value in self._sources[table.partition(_RESTORED)[0]].items() if found[name] != value}

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

    def _make_on_demand_source(self) -> None:
        arn = make_table(self.aws, ON_DEMAND, billing_mode="PAY_PER_REQUEST")
        dynamodb = self.aws.client("dynamodb")
        on_demand_throughput.give(self.aws, ON_DEMAND)
        intern = {"AWS": f"arn:aws:iam::{self.aws.account}:role/intern"}
        statement = {"Effect": "Deny", "Principal": intern, "Action": "dynamodb:Scan", "Resource": arn}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        dynamodb.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))

    def _give_encrypted_trigger(self) -> None:
        table = self.aws.client("dynamodb").describe_table(TableName=SOURCE)["Table"]
        self.aws.client("lambda").create_event_source_mapping(
            EventSourceArn=table["LatestStreamArn"],
            FunctionName=make_function(self.aws, f"{SOURCE}-secret"),
            StartingPosition="LATEST",
            FilterCriteria=FILTER,
            KMSKeyArn=f"arn:aws:kms:eu-west-1:{self.aws.account}:key/00000000-0000-0000-0000-000000000000",
        )
