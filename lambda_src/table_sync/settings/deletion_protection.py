"""Deletion protection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from table_sync.settings.api_shape import checked
from table_sync.settings.setting import Change, Obstacle

if TYPE_CHECKING:
    from table_sync.aws import Table

NAME = "deletion_protection"
TOGGLE = "enable_deletion_protection_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ()
WRITE_ACTIONS = ("dynamodb:UpdateTable",)
NEEDS = None


def fetch(table: Table) -> dict[str, Any] | None:
    """Return DeletionProtectionEnabled if the table's description shows that it is protected."""
    table.require_field("dynamodb", "TableDescription", "DeletionProtectionEnabled")
    return {"DeletionProtectionEnabled": True} if table.description.get("DeletionProtectionEnabled") else None


def parse(value: dict[str, Any] | None, table: Table) -> bool:
    """Return whether the table is protected."""
    if value is None:
        return False
    table.require_field("dynamodb", "TableDescription", "DeletionProtectionEnabled")
    description = checked(value, "dynamodb", "TableDescription", "DeletionProtectionEnabled")
    return bool(description["DeletionProtectionEnabled"])


def plan(source: bool, target: bool) -> list[Change | Obstacle]:  # noqa: FBT001 (values of the setting)
    """Plan to turn it on; it is never turned off."""
    name = "DeletionProtectionEnabled"
    return [Change("UpdateTable", {name: True}, present={name: False})] if source and not target else []


def apply(change: Change, table: Table) -> str:
    """Turn it on. The call is synchronous, and taken while the table is UPDATING (live probe, October 2026)."""
    table.update(**change.parameters)
    return ""
