"""Tags of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from table_sync.settings.api_shape import checked, items
from table_sync.settings.setting import Change, Obstacle, Status

if TYPE_CHECKING:
    from table_sync.aws import Table

NAME = "tags"
TOGGLE = "enable_tag_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ("dynamodb:ListTagsOfResource",)
WRITE_ACTIONS = ("dynamodb:TagResource",)
NEEDS = None

# DynamoDB developer guide, Tagging resources.
_MOST = 50


def fetch(table: Table) -> dict[str, Any] | None:
    """Return the Tags, less those that only AWS may set (prefix aws:)."""
    pages = table.client("dynamodb").get_paginator("list_tags_of_resource").paginate(ResourceArn=table.arn)
    tags = [tag for page in pages for tag in page["Tags"] if not tag["Key"].startswith("aws:")]
    return {"Tags": sorted(tags, key=lambda tag: str(tag["Key"]))} if tags else None


def parse(value: dict[str, Any] | None, _: Table) -> dict[str, str]:
    """Return the tags by key, less those that only AWS may set."""
    tags = [checked(tag, "dynamodb", "Tag", "Key", "Value") for tag in items(value or {}, "Tags")]
    return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}


def plan(source: dict[str, str], target: dict[str, str]) -> list[Change | Obstacle]:
    """Plan one call for all tags, since more would be refused while the first is at work."""
    missing = {key: value for key, value in sorted(source.items()) if target.get(key) != value}
    if not missing:
        return []
    if len(source | target) > _MOST:
        reason = f"source and target have {len(source | target)} tags together, {_MOST} are allowed: remove some"
        return [Obstacle(Status.FAILED, reason)]
    present = {key: target[key] for key in missing if key in target}
    return [Change("TagResource", {"Tags": _listed(missing)}, present={"Tags": _listed(present)})]


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def apply(change: Change, table: Table) -> str:
    """Tag the table (TagResource is an upsert)."""
    table.client("dynamodb").tag_resource(ResourceArn=table.arn, **change.parameters)
    return ""
