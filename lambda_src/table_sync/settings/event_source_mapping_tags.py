"""Tags of the Lambda triggers' event source mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from table_sync.settings import attached_tags, triggers
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


def read(table: Table) -> Mappings:
    """Return the mappings of the table's stream, with their tags."""
    client = table.client("lambda")
    # Made of the ID, because an older boto3 does not know EventSourceMappingArn.
    partition = table.arn.split(":")[1]
    prefix = f"arn:{partition}:lambda:{table.region}:{table.account}:event-source-mapping:"
    arns = {mapping["FunctionArn"]: prefix + mapping["UUID"] for mapping in triggers.event_source_mappings(table)}
    tags = attached_tags.read(arns.values(), lambda arn: dict(client.list_tags(Resource=arn).get("Tags", {})))
    return Mappings((function, tags[arn]) for function, arn in arns.items())


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
