"""Tags of scalable targets, those of the table and those of its global secondary indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings import attached_tags, auto_scaling
from table_sync.settings.api_shape import checked, items
from table_sync.settings.setting import Change, Need, Obstacle, without_index

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from table_sync.aws import Table

NAME = "scalable_target_tags"
TOGGLE = "enable_scalable_target_tag_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ("application-autoscaling:ListTagsForResource",)
WRITE_ACTIONS = ("application-autoscaling:TagResource",)
NEEDS = Need(auto_scaling.NAME)

_SERVICE = "application-autoscaling"


@dataclass(frozen=True)
class ScalableTargets:
    """The scalable targets of a table that has these indexes."""

    indexes: Collection[str]
    targets: Mapping[tuple[str, str], attached_tags.Tagged]
    """By index name, "" for the table, and ScalableDimension."""

    def __bool__(self) -> bool:
        """Say whether any has tags."""
        return any(target.tags for target in self.targets.values())


_FIELDS = ("ResourceId", "ScalableDimension", "ScalableTargetARN")


def fetch(table: Table) -> dict[str, Any] | None:
    """Return ScalableTargets: ResourceId, ScalableDimension, ScalableTargetARN and Tags of each.

    One from before March 2023 may have no ARN, and so no tags (hashicorp/terraform-provider-aws#31214).
    """
    client = table.client("application-autoscaling")
    targets = [target for target in auto_scaling.scalable_targets(table) if target.get("ScalableTargetARN")]
    tags = attached_tags.read(
        [target["ScalableTargetARN"] for target in targets],
        lambda arn: client.list_tags_for_resource(ResourceARN=arn).get("Tags", {}),
    )
    found = [
        {name: target[name] for name in _FIELDS} | {"Tags": tags[target["ScalableTargetARN"]].tags}
        for target in targets
    ]
    by_target = sorted(found, key=lambda target: (str(target["ResourceId"]), str(target["ScalableDimension"])))
    return {"ScalableTargets": by_target} if by_target else None


def parse(value: dict[str, Any] | None, table: Table) -> ScalableTargets:
    """Return the scalable targets of ScalableTargets with their tags."""
    targets = dict(_tagged(entry, table) for entry in items(value or {}, "ScalableTargets"))
    return ScalableTargets(table.indexes.keys(), targets)


def _tagged(entry: dict[str, Any], table: Table) -> tuple[tuple[str, str], attached_tags.Tagged]:
    target = auto_scaling.checked_for(table, entry, "ScalableTarget")
    arn = checked(
        {"ResourceARN": entry.get("ScalableTargetARN")}, _SERVICE, "ListTagsForResourceRequest", "ResourceARN"
    )
    tags = checked(entry, _SERVICE, "ListTagsForResourceResponse", "Tags")["Tags"]
    index = target["ResourceId"].partition("/index/")[2]
    return (index, target["ScalableDimension"]), attached_tags.tagged(arn["ResourceARN"], tags)


def plan(source: ScalableTargets, target: ScalableTargets) -> list[Change | Obstacle]:
    """Plan to tag each scalable target as the source's."""
    steps: list[Change | Obstacle | None] = []
    for (index, dimension), tagged in sorted(source.targets.items()):
        if index and index not in target.indexes:
            if tagged.tags:
                steps.append(without_index(index, f"the tags of its {dimension} are"))
            continue
        what = f"scalable target {dimension}" + (f" of index {index}" if index else "")
        steps.append(attached_tags.step(tagged, target.targets.get((index, dimension)), "ResourceARN", what))
    return [step for step in steps if step]


def apply(change: Change, table: Table) -> str:
    """Tag a scalable target (TagResource is an upsert)."""
    table.client("application-autoscaling").tag_resource(**change.parameters)
    attached_tags.wrote(change.parameters["ResourceARN"], change.parameters["Tags"])
    return ""
