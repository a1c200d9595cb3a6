"""The DynamoDB stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings.api_shape import checked
from table_sync.settings.setting import Change, Obstacle, Status, is_not_ready

if TYPE_CHECKING:
    from table_sync.aws import Table

NAME = "stream"
TOGGLE = "enable_dynamodb_stream_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ()
WRITE_ACTIONS = ("dynamodb:UpdateTable",)
NEEDS = None

_FIELDS = ("StreamSpecification", "LatestStreamArn")


@dataclass(frozen=True)
class Stream:
    """StreamViewType (None without a stream) and the TableStatus that decides whether UpdateTable is taken."""

    view_type: str | None
    table_status: str

    def __bool__(self) -> bool:
        """Say whether there is a stream."""
        return self.view_type is not None


def fetch(table: Table) -> dict[str, Any] | None:
    """Return StreamSpecification and LatestStreamArn of the enabled stream, as the table's description shows them."""
    if table.stream_view_type is None:
        return None
    return {name: table.description[name] for name in _FIELDS if name in table.description}


def parse(value: dict[str, Any] | None, table: Table) -> Stream:
    """Return the stream of a TableDescription's StreamSpecification."""
    if value is None:
        return Stream(None, table.status)
    specification = checked(value, "dynamodb", "TableDescription", "StreamSpecification")["StreamSpecification"]
    return Stream(specification.get("StreamViewType") if specification["StreamEnabled"] else None, table.status)


def plan(source: Stream, target: Stream) -> list[Change | Obstacle]:
    """Plan to enable it. The view type of a stream cannot be changed (API reference, StreamSpecification)."""
    if not source or source.view_type == target.view_type:
        return []
    if target:
        reason = (
            f"the target's stream has the view type {target.view_type}, the source's {source.view_type}: "
            "disable the target's stream first"
        )
        return [Obstacle(Status.FAILED, reason)]
    if target.table_status != "ACTIVE":
        return [is_not_ready(target.table_status)]
    specification = {"StreamEnabled": True, "StreamViewType": source.view_type}
    present = {"StreamSpecification": {"StreamEnabled": False}}
    return [Change("UpdateTable", {"StreamSpecification": specification}, present=present)]


def apply(change: Change, table: Table) -> str:
    """Enable the stream; the table is UPDATING meanwhile."""
    table.update(**change.parameters)
    return table.updating
