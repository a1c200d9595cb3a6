"""What a saved plan would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def changes(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the actions by resource address of a plan as `Terraform.show` gives it, resources that stay left out."""
    return {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["change"]["actions"] != ["no-op"]
    }
