"""Kinesis streaming destinations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings.setting import Change, Obstacle, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.aws import Table

NAME = "kinesis"
TOGGLE = "enable_kinesis_settings"
DEFAULT = True
REGION_BOUND = True
# DynamoDB checks those of other services on the caller (guide, Using IAM for Kinesis Data Streams and DynamoDB).
READ_ACTIONS = (
    "dynamodb:DescribeKinesisStreamingDestination",
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
)
WRITE_ACTIONS = (
    "dynamodb:EnableKinesisStreamingDestination",
    "dynamodb:UpdateKinesisStreamingDestination",
    "iam:CreateServiceLinkedRole",
    "kinesis:ListStreams",
    "kinesis:PutRecords",
)
NEEDS = None


@dataclass(frozen=True)
class Destination:
    """KinesisDataStreamDestination."""

    status: str
    precision: str | None
    """ApproximateCreationDateTimePrecision; None where AWS does not tell."""
    status_description: str = ""

    @property
    def live(self) -> bool:
        """Whether records flow, or will; disabled destinations linger in the list."""
        return self.status in {"ACTIVE", "ENABLING", "UPDATING"}


class Destinations(dict[str, Destination]):
    """Destinations by stream ARN."""

    def __bool__(self) -> bool:
        """Say whether any is live."""
        return any(destination.live for destination in self.values())


def read(table: Table) -> Destinations:
    """Return the table's destinations, those that are not live included; their precision needs botocore 1.34.23."""
    table.require_field("dynamodb", "KinesisDataStreamDestination", "ApproximateCreationDateTimePrecision")
    answer = table.client("dynamodb").describe_kinesis_streaming_destination(TableName=table.name)
    return Destinations(
        (
            destination["StreamArn"],
            Destination(
                destination["DestinationStatus"],
                destination.get("ApproximateCreationDateTimePrecision"),
                destination.get("DestinationStatusDescription", ""),
            ),
        )
        for destination in answer.get("KinesisDataStreamDestinations", [])
    )


def plan(source: Mapping[str, Destination], target: Mapping[str, Destination]) -> list[Change | Obstacle]:
    """Plan to enable each live destination, or to give it the source's precision."""
    steps = [
        _step(stream_arn, destination, target.get(stream_arn, Destination("DISABLED", None)))
        for stream_arn, destination in sorted(source.items())
        if destination.live
    ]
    return [step for step in steps if step]


def _step(stream_arn: str, source: Destination, target: Destination) -> Change | Obstacle | None:
    if target.status in {"ENABLING", "UPDATING", "DISABLING"}:
        return Obstacle(Status.PENDING, f"{stream_arn} is {target.status}")
    precision = {"ApproximateCreationDateTimePrecision": source.precision} if source.precision else {}
    if target.status == "ACTIVE":
        if source.precision in {None, target.precision}:
            return None
        return _change(
            "UpdateKinesisStreamingDestination", "UpdateKinesisStreamingConfiguration", stream_arn, precision
        )
    undone = f"{stream_arn} is {target.status}: {target.status_description}" if target.status == "ENABLE_FAILED" else ""
    return _change(
        "EnableKinesisStreamingDestination", "EnableKinesisStreamingConfiguration", stream_arn, precision, undone
    )


def _change(operation: str, key: str, stream_arn: str, precision: dict[str, str], undone: str = "") -> Change:
    parameters: dict[str, Any] = {"StreamArn": stream_arn}
    if precision:
        parameters[key] = precision
    return Change(operation, parameters, undone)


def apply(change: Change, table: Table) -> str:
    """Enable or update a destination. The call does not look whether the stream is there: it shows seconds later."""
    client = table.client("dynamodb")
    if change.operation == "UpdateKinesisStreamingDestination":
        answer = client.update_kinesis_streaming_destination(TableName=table.name, **change.parameters)
    else:
        answer = client.enable_kinesis_streaming_destination(TableName=table.name, **change.parameters)
    status = answer.get("DestinationStatus", "ENABLING")
    return "" if status == "ACTIVE" else f"{change.parameters['StreamArn']} is {status}"
