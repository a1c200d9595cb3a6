"""DynamoDB's Kinesis streaming destinations; no record is sent to them.

Sources: DynamoDB API reference; developer guide, "Using Kinesis Data Streams to capture changes to DynamoDB"; probes:
the call does not validate the stream, ENABLING takes 2-7 s.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.kinesis.models import kinesis_backends

from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, invalid
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


@dataclass
class Destination:
    """One stream of a table's list, in which DISABLED ones linger."""

    status: Transition
    precision: str
    reason: str | None = None


class KinesisDestinations(Tables):
    """The destinations of every table."""

    def enable_kinesis_streaming_destination(self, call: "Call") -> dict[str, Any]:
        """EnableKinesisStreamingDestination: ENABLING, then ACTIVE, or ENABLE_FAILED if there is no such stream."""
        table, stream = self.table(call), call.parameters["StreamArn"]
        configuration = call.parameters.get("EnableKinesisStreamingConfiguration", {})
        known = table.kinesis.get(stream)
        if known and self._destination_status(table, stream) not in {"DISABLED", "ENABLE_FAILED"}:
            raise invalid(
                "Table is not in a valid state to enable Kinesis Streaming Destination: "
                "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
            )
        at = self.now + self.aws.delays.kinesis
        table.kinesis[stream] = Destination(
            Transition("ENABLING", "ACTIVE", at),
            configuration.get("ApproximateCreationDateTimePrecision", "MILLISECOND"),
        )
        self.schedule(at, lambda _: self._connect(table, stream))
        return self._answer(table, stream) | {"EnableKinesisStreamingConfiguration": configuration or None}

    def disable_kinesis_streaming_destination(self, call: "Call") -> dict[str, Any]:
        """DisableKinesisStreamingDestination: DISABLING, then DISABLED."""
        table, stream = self._active(call, "disable", "DISABLE")
        destination = table.kinesis[stream]
        destination.status = Transition("DISABLING", "DISABLED", self.now + self.aws.delays.kinesis)
        return self._answer(table, stream)

    def update_kinesis_streaming_destination(self, call: "Call") -> dict[str, Any]:
        """UpdateKinesisStreamingDestination: another precision; UPDATING, then ACTIVE."""
        table, stream = self._active(call, "update", "UPDATE")
        configuration = call.parameters.get("UpdateKinesisStreamingConfiguration", {})
        destination = table.kinesis[stream]
        precision = configuration.get("ApproximateCreationDateTimePrecision")
        if precision in {None, destination.precision}:
            message = "Invalid Request: Precision is already set to the desired value of"
            raise invalid(f"{message} {precision or destination.precision} for tableId: {table.table_id}")
        destination.precision = precision
        destination.status = Transition("UPDATING", "ACTIVE", self.now + self.aws.delays.kinesis)
        return self._answer(table, stream) | {"UpdateKinesisStreamingConfiguration": configuration}

    def describe_kinesis_streaming_destination(self, call: "Call") -> dict[str, Any]:
        """DescribeKinesisStreamingDestination."""
        table = self.table(call)
        destinations = [
            {
                "StreamArn": stream,
                "DestinationStatus": destination.status.status(self.now),
                "DestinationStatusDescription": destination.reason,
                "ApproximateCreationDateTimePrecision": destination.precision,
            }
            for stream, destination in table.kinesis.items()
        ]
        return {"TableName": table.moto.name, "KinesisDataStreamDestinations": destinations}

    def _connect(self, table: ControlledTable, stream: str) -> None:
        region, account = stream.split(":")[3:5]
        streams = kinesis_backends[account][region].streams.values() if account == self.aws.account else ()
        same_region = region == table.moto.region_name
        if not (same_region and any(known.arn == stream for known in streams)):
            table.kinesis[stream].status = Transition("ENABLE_FAILED")
            table.kinesis[stream].reason = "The Kinesis data stream does not exist, or is of another account or Region."

    def _active(self, call: "Call", verb: str, operation: str) -> tuple[ControlledTable, str]:
        table, stream = self.table(call), call.parameters["StreamArn"]
        if stream not in table.kinesis or self._destination_status(table, stream) != "ACTIVE":
            raise invalid(
                f"Table is not in a valid state to {verb} Kinesis Streaming Destination: "
                f"KinesisStreamingDestination must be ACTIVE to perform {operation} operation."
            )
        return table, stream

    def _destination_status(self, table: ControlledTable, stream: str) -> str:
        destination: Destination = table.kinesis[stream]
        return destination.status.status(self.now)

    def _answer(self, table: ControlledTable, stream: str) -> dict[str, Any]:
        return {
            "TableName": table.moto.name,
            "StreamArn": stream,
            "DestinationStatus": self._destination_status(table, stream),
        }
