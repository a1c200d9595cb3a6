"""Kinesis streaming destinations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 (botocore's own, not the built-in one)
    HTTPClientError,
)

from table_sync import errors
from table_sync.errors import Meaning
from table_sync.settings.api_shape import checked, items
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


# What DynamoDB takes without a configuration, and what its answers leave out (live probe, October 2026).
_DEFAULT_PRECISION = "MILLISECOND"
# All others keep the table from having another destination (live probe, October 2026).
_OFF = {"DISABLED", "ENABLE_FAILED"}


@dataclass(frozen=True)
class Destination:
    """KinesisDataStreamDestination."""

    status: str
    precision: str = _DEFAULT_PRECISION
    """ApproximateCreationDateTimePrecision."""
    status_description: str = ""
    gone: bool = False
    """Whether the Kinesis stream of one that is ENABLE_FAILED does not exist."""

    @property
    def live(self) -> bool:
        """Whether records flow, or will; disabled destinations linger in the list."""
        return self.status in {"ACTIVE", "ENABLING", "UPDATING"}


class Destinations(dict[str, Destination]):
    """Destinations by stream ARN, of which at most one is not off."""

    def __bool__(self) -> bool:
        """Say whether any is live."""
        return any(destination.live for destination in self.values())


def fetch(table: Table) -> dict[str, Any] | None:
    """Return KinesisDataStreamDestinations, those that are not live included; their precision needs botocore 1.34.23.

    A destination keeps its list entry when it is disabled.
    """
    _require_precision(table)
    answer = table.client("dynamodb").describe_kinesis_streaming_destination(TableName=table.name)
    destinations = answer.get("KinesisDataStreamDestinations", [])
    by_stream = sorted(destinations, key=lambda destination: str(destination["StreamArn"]))
    return {"KinesisDataStreamDestinations": by_stream} if by_stream else None


def parse(value: dict[str, Any] | None, table: Table) -> Destinations:
    """Return the destinations of KinesisDataStreamDestinations."""
    if value is not None:
        _require_precision(table)
    destinations = [
        checked(destination, "dynamodb", "KinesisDataStreamDestination", "StreamArn", "DestinationStatus")
        for destination in items(value or {}, "KinesisDataStreamDestinations")
    ]
    return Destinations(
        (
            destination["StreamArn"],
            Destination(
                destination["DestinationStatus"],
                destination.get("ApproximateCreationDateTimePrecision", _DEFAULT_PRECISION),
                destination.get("DestinationStatusDescription", ""),
            ),
        )
        for destination in destinations
    )


def _require_precision(table: Table) -> None:
    table.require_field("dynamodb", "KinesisDataStreamDestination", "ApproximateCreationDateTimePrecision")


def with_missing_streams(destinations: Destinations, table: Table, _: str) -> Destinations:
    """Return the destinations with what Kinesis says of those that are ENABLE_FAILED.

    The call that enables one does not look for the Kinesis stream. The ENABLE_FAILED of one that does not exist speaks
    of a missing permission, and the source's destination stays ACTIVE (live probe, October 2026): Kinesis is asked.
    """
    failed = [
        arn
        for arn, destination in destinations.items()
        if destination.status == "ENABLE_FAILED" and not table.deleted and _is_gone(arn, table)
    ]
    return Destinations(destinations | {arn: replace(destinations[arn], gone=True) for arn in failed})


def _is_gone(arn: str, table: Table) -> bool:
    """Say whether a Kinesis stream is known not to exist."""
    *_, region, account, stream = arn.split(":")
    if (region, account) != (table.region, table.account):
        return False
    try:
        # By name: by ARN, the call goes to an endpoint of the account, which a VPC may not reach.
        answer = table.client("kinesis").describe_stream_summary(StreamName=stream.partition("/")[2])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return True
        if errors.meaning(error) is Meaning.TRANSIENT:
            raise
        return False
    except (ConnectionError, HTTPClientError):
        # A VPC without a way to Kinesis.
        return False
    return bool(answer["StreamDescriptionSummary"]["StreamStatus"] == "DELETING")


def plan(source: Mapping[str, Destination], target: Mapping[str, Destination]) -> list[Change | Obstacle]:
    """Plan to enable the live destination, or to give it the source's precision; none is disabled for it."""
    steps = [_step(stream_arn, destination, target) for stream_arn, destination in source.items() if destination.live]
    return [step for step in steps if step]


def _step(stream_arn: str, source: Destination, target: Mapping[str, Destination]) -> Change | Obstacle | None:
    present = target.get(stream_arn, Destination("DISABLED"))
    if present.status == "ACTIVE":
        if source.precision == present.precision:
            return None
        precision = {"ApproximateCreationDateTimePrecision": source.precision}
        parameters = {"StreamArn": stream_arn, "UpdateKinesisStreamingConfiguration": precision}
        return Change(
            "UpdateKinesisStreamingDestination",
            parameters,
            subject=stream_arn,
            present={
                "UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": present.precision}
            },
        )
    # DynamoDB refuses a second one as long as the first is not off.
    busy = next((arn for arn, destination in sorted(target.items()) if destination.status not in _OFF), None)
    if present.gone:
        return Obstacle(Status.UNCHANGED, f"{stream_arn} does not exist: the destination is left out")
    if busy is None:
        return _enable(stream_arn, source, present)
    if busy == stream_arn or not target[busy].live:
        return Obstacle(Status.PENDING, f"{busy} is {target[busy].status}")
    reason = f"the target streams to {busy}, which is left alone: a table has one destination, so not to {stream_arn}"
    return Obstacle(Status.UNCHANGED, reason, left_alone=True)


def _enable(stream_arn: str, source: Destination, present: Destination) -> Change:
    parameters: dict[str, Any] = {"StreamArn": stream_arn}
    if source.precision != _DEFAULT_PRECISION:
        precision = {"ApproximateCreationDateTimePrecision": source.precision}
        parameters["EnableKinesisStreamingConfiguration"] = precision
    failed = present.status == "ENABLE_FAILED"
    undone = f"{stream_arn} is {present.status}: {present.status_description}" if failed else ""
    return Change("EnableKinesisStreamingDestination", parameters, undone, subject=stream_arn)


def apply(change: Change, table: Table) -> str:
    """Enable or update a destination: what becomes of the first shows seconds later, the second takes minutes."""
    client = table.client("dynamodb")
    if change.operation == "UpdateKinesisStreamingDestination":
        answer = client.update_kinesis_streaming_destination(TableName=table.name, **change.parameters)
    else:
        answer = client.enable_kinesis_streaming_destination(TableName=table.name, **change.parameters)
    status = answer.get("DestinationStatus", "ENABLING")
    return "" if status == "ACTIVE" else f"{change.parameters['StreamArn']} is {status}"
