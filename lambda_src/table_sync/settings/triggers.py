"""Lambda triggers: event source mappings on the DynamoDB stream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import errors
from table_sync.aws import client
from table_sync.errors import GoneError, Meaning
from table_sync.settings.api_shape import checked, items
from table_sync.settings.setting import Change, Need, Obstacle, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.aws import Table

NAME = "triggers"
TOGGLE = "enable_dynamodb_lambda_trigger"
DEFAULT = True
REGION_BOUND = True
READ_ACTIONS = ("lambda:ListEventSourceMappings",)
# The second reads encrypted filters, which no record holds. They also need kms:Decrypt and kms:GenerateDataKey, which
# are granted on the keys of an input.
WRITE_ACTIONS = ("lambda:CreateEventSourceMapping", "lambda:GetEventSourceMapping")
NEEDS = Need("stream", lambda table: table.stream_arn is not None)

MAPPINGS = "event source mappings"
"""What Table.once() has them under."""

# Fields of EventSourceMappingConfiguration that CreateEventSourceMapping takes for a DynamoDB stream (Lambda service
# model and developer guide, "DynamoDB event source mapping parameters"). The others belong to other event sources.
_WRITABLE = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
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
    """Why the filter could not be read, and what to do, if so."""
    uuid: str = ""

    @property
    def changing(self) -> bool:
        """Whether AWS is still working on it."""
        return self.state in {"Creating", "Enabling", "Updating", "Disabling"}


def fetch(table: Table) -> dict[str, Any] | None:
    """Return EventSourceMappings of the table's stream, without filters that a customer managed key encrypts."""
    # Without it nothing tells that a filter is encrypted, and so not in the list.
    table.require_field("lambda", "EventSourceMappingConfiguration", "KMSKeyArn")
    found = [_slice(mapping) for mapping in event_source_mappings(table)]
    return {"EventSourceMappings": sorted(found, key=lambda mapping: str(mapping["FunctionArn"]))} if found else None


def _slice(configuration: Mapping[str, Any]) -> dict[str, Any]:
    names = ("UUID", "FunctionArn", "State", *_WRITABLE)
    found = {name: configuration[name] for name in names if configuration.get(name) not in (None, [], {})}
    if "KMSKeyArn" in found:
        found.pop("FilterCriteria", None)
    return found


def parse(value: dict[str, Any] | None, table: Table) -> dict[str, EventSourceMapping]:
    """Return the mappings of EventSourceMappings by function ARN, which has the alias or version in it."""
    if value is not None:
        table.require_field("lambda", "EventSourceMappingConfiguration", "KMSKeyArn")
    mappings = [
        checked(mapping, "lambda", "EventSourceMappingConfiguration", "UUID", "FunctionArn")
        for mapping in items(value or {}, "EventSourceMappings")
    ]
    return {mapping["FunctionArn"]: _mapping(mapping) for mapping in mappings}


def event_source_mappings(table: Table) -> list[dict[str, Any]]:
    """Return the mappings of the table's stream, as ListEventSourceMappings describes them.

    Raises:
        botocore.exceptions.ClientError: AWS refused the read.

    """
    return table.once(MAPPINGS, lambda: _event_source_mappings(table))


def _event_source_mappings(table: Table) -> list[dict[str, Any]]:
    if not table.stream_arn:
        return []
    paginator = table.client("lambda").get_paginator("list_event_source_mappings")
    pages = paginator.paginate(EventSourceArn=table.stream_arn)
    mappings = [mapping for page in pages for mapping in page["EventSourceMappings"]]
    return [mapping for mapping in mappings if mapping.get("State") != "Deleting"]


def _mapping(configuration: Mapping[str, Any]) -> EventSourceMapping:
    state = configuration.get("State", "Enabled")
    parameters = {key: configuration[key] for key in _WRITABLE if configuration.get(key) not in (None, [], {})}
    if "KMSKeyArn" in parameters or not parameters.get("FilterCriteria", {}).get("Filters"):
        parameters.pop("FilterCriteria", None)
    destinations = {
        kind: destination
        for kind, destination in parameters.pop("DestinationConfig", {}).items()
        if destination.get("Destination")
    }
    if destinations:
        parameters["DestinationConfig"] = destinations
    parameters["FunctionName"] = configuration["FunctionArn"]
    parameters["Enabled"] = state not in {"Disabled", "Disabling"}
    return EventSourceMapping(state, parameters, uuid=configuration["UUID"])


def with_encrypted_filters(
    mappings: Mapping[str, EventSourceMapping], table: Table, region: str
) -> dict[str, EventSourceMapping]:
    """Return the mappings with the filters that a customer managed key encrypts, which no record holds.

    Args:
        mappings: of the table.
        table: one that is deleted may still have its mappings.
        region: the table's.

    Raises:
        botocore.exceptions.ClientError: AWS refused to show a mapping.

    """
    return {
        function: _with_encrypted_filter(mapping, table, region) if "KMSKeyArn" in mapping.parameters else mapping
        for function, mapping in mappings.items()
    }


def _with_encrypted_filter(mapping: EventSourceMapping, table: Table, region: str) -> EventSourceMapping:
    try:
        # ListEventSourceMappings shows no encrypted filter (Lambda service model, FilterCriteria).
        configuration = client("lambda", region).get_event_source_mapping(UUID=mapping.uuid)
    except ClientError as error:
        if not table.deleted or error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        reason = "it is encrypted, so no record has it, and the old mapping is gone): create the mapping by hand"
        return replace(mapping, unreadable=reason)
    criteria = configuration.get("FilterCriteria") or {}
    if refusal := configuration.get("FilterCriteriaError"):
        reason = f"{refusal.get('ErrorCode', '')}: {refusal.get('Message', '')}"
    elif not criteria.get("Filters"):
        # Shown only to who may decrypt it (Lambda service model, FilterCriteria): in doubt, there is one.
        reason = "it has a key, and Lambda shows none"
    else:
        return replace(mapping, parameters={**mapping.parameters, "FilterCriteria": criteria})
    return replace(mapping, unreadable=f"{reason}): allow kms:Decrypt")


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
            reason = f"the filter of the mapping to {function} cannot be read ({source.unreadable}"
            return Obstacle(Status.FAILED, reason)
        # Lambda shows the filter only to those who may use the key: no report may show it to others.
        secret = frozenset({"FilterCriteria"}) if "KMSKeyArn" in source.parameters else frozenset[str]()
        return Change("CreateEventSourceMapping", source.parameters, part=function, secret=secret, subject=function)
    if target.changing:
        return Obstacle(Status.PENDING, f"the mapping to {function} is {target.state}")
    differing = {
        key
        for key in {**source.parameters, **target.parameters}
        if source.parameters.get(key) != target.parameters.get(key)
    }
    if differing:
        own = ", ".join(f"{key}{_values(source, target, key)}" for key in sorted(differing))
        reason = f"the mapping to {function} has its own {own}, which is left alone"
        return Obstacle(Status.UNCHANGED, reason, left_alone=True)
    return None


def _values(source: EventSourceMapping, target: EventSourceMapping, key: str) -> str:
    """Return a parameter's two values in parentheses; "" for filters, which may be secret, and other structures."""
    values = [mapping.parameters.get(key) for mapping in (source, target)]
    if any(isinstance(value, (dict, list)) for value in values):
        return ""
    of_source, of_target = ("none" if value is None else str(value).lower() for value in values)
    return f" ({of_target}, the source has {of_source})"


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
    return f"the mapping to {function} is {mapping.state}" if mapping.changing else ""
