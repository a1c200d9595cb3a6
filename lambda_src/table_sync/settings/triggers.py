"""Lambda triggers: event source mappings on the DynamoDB stream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import errors
from table_sync.errors import GoneError, Meaning
from table_sync.settings.setting import Change, Need, Obstacle, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.aws import Table

NAME = "triggers"
TOGGLE = "enable_dynamodb_lambda_trigger"
DEFAULT = True
REGION_BOUND = True
# Encrypted filters also need kms:Decrypt and kms:GenerateDataKey, which are granted on the keys of an input.
READ_ACTIONS = ("lambda:GetEventSourceMapping", "lambda:ListEventSourceMappings")
WRITE_ACTIONS = ("lambda:CreateEventSourceMapping",)
NEEDS = Need("stream", lambda table: table.stream_arn is not None)

# Fields of EventSourceMappingConfiguration that CreateEventSourceMapping takes for a DynamoDB stream (Lambda service
# model and developer guide, "DynamoDB event source mapping parameters"). The others belong to other event sources.
_WRITABLE = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "StartingPosition",
    "TumblingWindowInSeconds",
)


@dataclass(frozen=True)
class EventSourceMapping:
    """State and the parameters with which CreateEventSourceMapping makes such a mapping, less the stream."""

    state: str
    parameters: Mapping[str, Any]
    unreadable: str = ""
    """Why the filter could not be read, if so."""

    @property
    def settling(self) -> bool:
        """Whether AWS is still working on it."""
        return self.state in {"Creating", "Enabling", "Updating", "Disabling"}


def read(table: Table) -> dict[str, EventSourceMapping]:
    """Return the mappings of the table's stream by function ARN, which has the alias or version in it."""
    client = table.client("lambda")
    # Without it nothing tells that a filter is encrypted, and so not in the list.
    table.require_field("lambda", "EventSourceMappingConfiguration", "KMSKeyArn")
    return {
        configuration["FunctionArn"]: _mapping(client, configuration) for configuration in event_source_mappings(table)
    }


def event_source_mappings(table: Table) -> list[dict[str, Any]]:
    """Return the mappings of the table's stream, as ListEventSourceMappings describes them.

    Raises:
        botocore.exceptions.ClientError: AWS refused the read.

    """
    return table.once("event source mappings", lambda: _event_source_mappings(table))


def _event_source_mappings(table: Table) -> list[dict[str, Any]]:
    if not table.stream_arn:
        return []
    paginator = table.client("lambda").get_paginator("list_event_source_mappings")
    pages = paginator.paginate(EventSourceArn=table.stream_arn)
    mappings = [mapping for page in pages for mapping in page["EventSourceMappings"]]
    return [mapping for mapping in mappings if mapping.get("State") != "Deleting"]


def _mapping(client: Any, configuration: Mapping[str, Any]) -> EventSourceMapping:  # noqa: ANN401
    unreadable = ""
    if configuration.get("KMSKeyArn"):
        # ListEventSourceMappings shows no encrypted filter (Lambda service model, FilterCriteria).
        configuration = client.get_event_source_mapping(UUID=configuration["UUID"])
        error = configuration.get("FilterCriteriaError")
        if error:
            unreadable = f"{error.get('ErrorCode', '')}: {error.get('Message', '')}"
        elif not (configuration.get("FilterCriteria") or {}).get("Filters"):
            # Shown only to who may decrypt it (Lambda service model, FilterCriteria): in doubt, there is one.
            unreadable = "it has a key, and Lambda shows none"
    state = configuration.get("State", "Enabled")
    parameters = {key: configuration[key] for key in _WRITABLE if configuration.get(key) not in (None, [], {})}
    if not parameters.get("FilterCriteria", {}).get("Filters"):
        parameters.pop("FilterCriteria", None)
    destinations = {
        kind: destination
        for kind, destination in (configuration.get("DestinationConfig") or {}).items()
        if destination and destination.get("Destination")
    }
    if destinations:
        parameters["DestinationConfig"] = destinations
    parameters["FunctionName"] = configuration["FunctionArn"]
    parameters["Enabled"] = state not in {"Disabled", "Disabling"}
    return EventSourceMapping(state, parameters, unreadable)


def disabled(mappings: Mapping[str, EventSourceMapping]) -> dict[str, EventSourceMapping]:
    """Return the mappings as they are to be made where no function shall run before somebody enables them."""
    return {
        function: replace(mapping, parameters={**mapping.parameters, "Enabled": False})
        for function, mapping in mappings.items()
    }


def plan(source: Mapping[str, EventSourceMapping], target: Mapping[str, EventSourceMapping]) -> list[Change | Obstacle]:
    """Plan a mapping for each function that the target's stream does not invoke."""
    steps = [_step(function, mapping, target.get(function)) for function, mapping in sorted(source.items())]
    return [step for step in steps if step]


def _step(function: str, source: EventSourceMapping, target: EventSourceMapping | None) -> Change | Obstacle | None:
    if target is None:
        if source.unreadable:
            reason = f"the filter of the mapping to {function} cannot be read ({source.unreadable}): allow kms:Decrypt"
            return Obstacle(Status.FAILED, reason)
        # Lambda shows the filter only to those who may use the key: no report may show it to others.
        secret = frozenset({"FilterCriteria"}) if "KMSKeyArn" in source.parameters else frozenset[str]()
        return Change("CreateEventSourceMapping", source.parameters, part=function, secret=secret)
    if target.settling:
        return Obstacle(Status.PENDING, f"the mapping to {function} is {target.state}")
    differing = {
        key
        for key in {**source.parameters, **target.parameters}
        if source.parameters.get(key) != target.parameters.get(key)
    }
    if differing:
        reason = f"the mapping to {function} has its own {', '.join(sorted(differing))}, which is left alone"
        return Obstacle(Status.UNCHANGED, reason, left_alone=True)
    return None


def apply(change: Change, table: Table) -> str:
    """Create a mapping on the table's stream; Lambda may be minutes about it.

    Raises:
        GoneError: the function, or its alias or version, does not exist.
        botocore.exceptions.ClientError: AWS refused the write for another reason.

    """
    function = change.parameters["FunctionName"]
    try:
        answer = table.client("lambda").create_event_source_mapping(
            EventSourceArn=table.stream_arn, **change.parameters
        )
    except ClientError as error:
        if errors.meaning(error) is not Meaning.GONE:
            raise
        raise GoneError(f"{function} does not exist: its trigger is left out") from error
    mapping = EventSourceMapping(answer.get("State", "Creating"), {})
    return f"the mapping to {function} is {mapping.state}" if mapping.settling else ""
