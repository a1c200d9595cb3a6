"""Tags of the Lambda triggers' event source mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from table_sync.settings import attached_tags, triggers
from table_sync.settings.api_shape import checked, items
from table_sync.settings.setting import Change, Need, Obstacle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.aws import Table

NAME = "event_source_mapping_tags"
TOGGLE = "enable_event_source_mapping_tag_settings"
DEFAULT = True
REGION_BOUND = True
READ_ACTIONS = ("lambda:ListTags",)
WRITE_ACTIONS = ("lambda:TagResource",)
NEEDS = Need(triggers.NAME)


class Mappings(dict[str, attached_tags.Tagged]):
    """Event source mappings by function ARN."""

    def __bool__(self) -> bool:
        """Say whether any has tags."""
        return any(mapping.tags for mapping in self.values())


def fetch(table: Table) -> dict[str, Any] | None:
    """Return EventSourceMappings of the table's stream: FunctionArn, EventSourceMappingArn and Tags of each."""
    client = table.client("lambda")
    # Made of the ID, because an older boto3 does not know EventSourceMappingArn.
    partition = table.arn.split(":")[1]
    prefix = f"arn:{partition}:lambda:{table.region}:{table.account}:event-source-mapping:"
    arns = {mapping["FunctionArn"]: prefix + mapping["UUID"] for mapping in triggers.event_source_mappings(table)}
    tags = attached_tags.read(arns.values(), lambda arn: dict(client.list_tags(Resource=arn).get("Tags", {})))
    found = [
        {"FunctionArn": function, "EventSourceMappingArn": arn, "Tags": tags[arn].tags}
        for function, arn in sorted(arns.items())
    ]
    return {"EventSourceMappings": found} if found else None


def parse(value: dict[str, Any] | None, _: Table) -> Mappings:
    """Return the mappings of EventSourceMappings with their tags."""
    return Mappings(_tagged(entry) for entry in items(value or {}, "EventSourceMappings"))


def _tagged(entry: dict[str, Any]) -> tuple[str, attached_tags.Tagged]:
    tags = checked(entry, "lambda", "ListTagsResponse", "Tags")["Tags"]
    mapping = checked(entry, "lambda", "EventSourceMappingConfiguration", "FunctionArn")
    # An older boto3 does not know the field.
    arn = checked({"Resource": entry.get("EventSourceMappingArn")}, "lambda", "ListTagsRequest", "Resource")
    return mapping["FunctionArn"], attached_tags.tagged(arn["Resource"], tags)


def plan(
    source: Mapping[str, attached_tags.Tagged], target: Mapping[str, attached_tags.Tagged]
) -> list[Change | Obstacle]:
    """Plan to tag each mapping as the source's to the same function."""
    steps = (
        attached_tags.step(mapping, target.get(function), "Resource", f"the mapping to {function}", part=function)
        for function, mapping in sorted(source.items())
    )
    return [step for step in steps if step]


def apply(change: Change, table: Table) -> str:
    """Tag a mapping (TagResource is an upsert)."""
    table.client("lambda").tag_resource(**change.parameters)
    attached_tags.wrote(change.parameters["Resource"], change.parameters["Tags"])
    return ""
