"""Tags of scalable targets, those of the table and those of its global secondary indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from table_sync.settings import attached_tags, auto_scaling
from table_sync.settings.setting import Change, Need, Obstacle, Status

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


@dataclass(frozen=True)
class ScalableTargets:
    """The scalable targets of a table that has these indexes."""

    indexes: Collection[str]
    targets: Mapping[tuple[str, str], attached_tags.Tagged]
    """By index name, "" for the table, and ScalableDimension."""

    def __bool__(self) -> bool:
        """Say whether any has tags."""
        return any(target.tags for target in self.targets.values())


def read(table: Table) -> ScalableTargets:
    """Return the scalable targets with their tags.

    One from before March 2023 may have no ARN, and so no tags (hashicorp/terraform-provider-aws#31214).
    """
    client = table.client("application-autoscaling")
    arns = {
        (target["ResourceId"].partition("/index/")[2], target["ScalableDimension"]): target["ScalableTargetARN"]
        for target in auto_scaling.scalable_targets(table)
        if target.get("ScalableTargetARN")
    }
    tags = attached_tags.read(arns.values(), lambda arn: client.list_tags_for_resource(ResourceARN=arn).get("Tags", {}))
    return ScalableTargets(table.indexes.keys(), {key: tags[arn] for key, arn in arns.items()})


def plan(source: ScalableTargets, target: ScalableTargets) -> list[Change | Obstacle]:
    """Plan to tag each scalable target as the source's."""
    steps: list[Change | Obstacle | None] = []
    for (index, dimension), tagged in sorted(source.targets.items()):
        if index and index not in target.indexes:
            if tagged.tags:
                reason = f"index {index} is not on the target: the tags of its {dimension} are left out"
                steps.append(Obstacle(Status.UNCHANGED, reason))
            continue
        what = f"scalable target {dimension}" + (f" of index {index}" if index else "")
        steps.append(attached_tags.step(tagged, target.targets.get((index, dimension)), "ResourceARN", what))
    return [step for step in steps if step]


def apply(change: Change, table: Table) -> str:
    """Tag a scalable target (TagResource is an upsert)."""
    table.client("application-autoscaling").tag_resource(**change.parameters)
    attached_tags.wrote(change.parameters["ResourceARN"], change.parameters["Tags"])
    return ""
