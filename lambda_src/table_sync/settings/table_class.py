"""The table class, which all of a table's indexes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync.errors import AlreadySoError, FinalError, explain
from table_sync.settings.api_shape import checked
from table_sync.settings.setting import Change, Obstacle, is_not_ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.aws import Table

NAME = "table_class"
TOGGLE = "enable_table_class_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ()
WRITE_ACTIONS = ("dynamodb:UpdateTable",)
NEEDS = None

# That of a table without TableClassSummary too.
_STANDARD = "STANDARD"


@dataclass(frozen=True)
class TableClass:
    """TableClass, and the TableStatus that decides whether UpdateTable is taken."""

    name: str
    table_status: str

    def __bool__(self) -> bool:
        """Say whether it is another class than that of every new table."""
        return self.name != _STANDARD


def fetch(table: Table) -> dict[str, Any] | None:
    """Return the TableClass that the table's description shows, unless it is that of every new table."""
    table.require_field("dynamodb", "TableDescription", "TableClassSummary")
    name = _name(table.description)
    return None if name == _STANDARD else {"TableClass": name}


def parse(value: dict[str, Any] | None, table: Table) -> TableClass:
    """Return the class of a TableClassSummary."""
    if value is None:
        return TableClass(_STANDARD, table.status)
    table.require_field("dynamodb", "TableDescription", "TableClassSummary")
    return TableClass(checked(value, "dynamodb", "TableClassSummary", "TableClass")["TableClass"], table.status)


def _name(description: Mapping[str, Any]) -> str:
    return str(description.get("TableClassSummary", {}).get("TableClass", _STANDARD))


def plan(source: TableClass, target: TableClass) -> list[Change | Obstacle]:
    """Plan to change it, while the target takes an UpdateTable."""
    if not source or source.name == target.name:
        return []
    if target.table_status != "ACTIVE":
        return [is_not_ready(target.table_status)]
    return [Change("UpdateTable", {"TableClass": source.name}, present={"TableClass": target.name})]


def apply(change: Change, table: Table) -> str:
    """Change the class; the table is UPDATING meanwhile.

    Raises:
        AlreadySoError: another attempt has changed it since the table was described.
        FinalError: the class was changed twice in 30 days (developer guide, Considerations when choosing a table
            class), which no retry outlasts. Too many simultaneous table operations have the same error code.
        botocore.exceptions.ClientError: AWS refused the write for another reason.

    """
    # There are only two changes in 30 days, so none is made on what may be out of date.
    now = table.client("dynamodb").describe_table(TableName=table.name)["Table"]
    if _name(now) == change.parameters["TableClass"]:
        raise AlreadySoError(f"the table class is {_name(now)} by now")
    try:
        table.update(**change.parameters)
    except ClientError as error:
        details = error.response["Error"]
        if details["Code"] != "LimitExceededException" or "simultaneous" in details.get("Message", ""):
            raise
        reason = explain(error).rstrip(".")
        raise FinalError(f"{reason}: change the table class by hand when 30 days have passed") from error
    return table.updating
