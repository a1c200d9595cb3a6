"""DynamoDB's Kinesis streaming destinations; no record is sent to them.

Sources: DynamoDB API reference; developer guide, "Using Kinesis Data Streams to capture changes to DynamoDB"; live
probes of October 2026 (aws-controllers-k8s/dynamodb-controller, docs/api-quirks, DDB-TABLE-268 and 299 to 319): the
call does not validate the stream, at most one destination is neither DISABLED nor ENABLE_FAILED, a precision that was
never set is not in an answer and is MILLISECOND, a stream that is deleted later leaves its destination ACTIVE.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.kinesis.models import kinesis_backends

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, invalid
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call

DEFAULT_PRECISION = "MILLISECOND"
OFF = {"DISABLED", "ENABLE_FAILED"}


@dataclass
class Destination:
    """One stream of a table's list, in which DISABLED ones linger."""

    status: Transition
    precision: str | None
    reason: str | None = None


class KinesisDestinations(Tables):
    """The destinations of every table."""

    def enable_kinesis_streaming_destination(self, call: "Call") -> dict[str, Any]:
        """EnableKinesisStreamingDestination: ENABLING, then ACTIVE, or ENABLE_FAILED if there is no such stream."""
        table, stream = self.table(call), call.parameters["StreamArn"]
        if any(self._destination_status(table, known) not in OFF for known in table.kinesis):
            raise _in_state(
                "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
            )
        configuration = call.parameters.get("EnableKinesisStreamingConfiguration", {})
        at = self.now + self.aws.delays.kinesis
        table.kinesis[stream] = Destination(
            Transition("ENABLING", "ACTIVE", at), configuration.get("ApproximateCreationDateTimePrecision")
        )
        self.schedule(at, lambda _: self._connect(table, stream))
        return self._answer(table, stream) | {"EnableKinesisStreamingConfiguration": configuration}

    def disable_kinesis_streaming_destination(self, call: "Call") -> dict[str, Any]:
        """DisableKinesisStreamingDestination: DISABLING, then DISABLED; again meanwhile is no error."""
        table, stream = self.table(call), call.parameters["StreamArn"]
        if "EnableKinesisStreamingConfiguration" in call.parameters:
            raise invalid("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
        status = self._destination_status(table, stream) if stream in table.kinesis else "DISABLED"
        if status not in {"ACTIVE", "DISABLING"}:
            raise _in_state("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
        if status == "ACTIVE":
            at = self.now + self.aws.delays.kinesis_disabling
            table.kinesis[stream].status = Transition("DISABLING", "DISABLED", at)
        return self._answer(table, stream)

    def update_kinesis_streaming_destination(self, call: "Call") -> dict[str, Any]:
        """UpdateKinesisStreamingDestination: another precision, told at once; UPDATING for minutes, then ACTIVE."""
        table, stream = self.table(call), call.parameters["StreamArn"]
        configuration = call.parameters.get("UpdateKinesisStreamingConfiguration", {})
        precision = configuration.get("ApproximateCreationDateTimePrecision")
        if precision is None:
            raise invalid(
                "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration "
                "cannot be null or contain only null values"
            )
        if stream not in table.kinesis:
            raise _in_state(
                f"No streaming destination with streamArn: {stream} found for table with tableName: {table.moto.name}"
            )
        if self._destination_status(table, stream) != "ACTIVE":
            raise _in_state(
                "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
                f"TableName: {table.moto.name}"
            )
        destination = table.kinesis[stream]
        if precision == (destination.precision or DEFAULT_PRECISION):
            raise invalid(
                f"Invalid Request: Precision is already set to the desired value of {precision} for tableId: "
                f"{table.table_id}, kdsArn: {stream}"
            )
        destination.precision = precision
        destination.status = Transition("UPDATING", "ACTIVE", self.now + self.aws.delays.kinesis_precision)
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
            table.kinesis[stream].reason = "User does not have a permission to use kinesis stream"

    def _destination_status(self, table: ControlledTable, stream: str) -> str:
        destination: Destination = table.kinesis[stream]
        return destination.status.status(self.now)

    def _answer(self, table: ControlledTable, stream: str) -> dict[str, Any]:
        return {
            "TableName": table.moto.name,
            "StreamArn": stream,
            "DestinationStatus": self._destination_status(table, stream),
        }


def _in_state(why: str) -> AwsError:
    # Whatever was asked for, the message speaks of enabling.
    return invalid(f"Table is not in a valid state to enable Kinesis Streaming Destination: {why}")
