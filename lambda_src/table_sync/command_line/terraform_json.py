"""What `terraform show -json` prints: a state's resources, a plan's changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.command_line.command_errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Resource:
    """A managed resource of a state (Terraform documentation, JSON Output Format, Values Representation)."""

    address: str
    type: str
    values: Mapping[str, Any]


def managed_resources(text: str) -> list[Resource]:
    """Return the managed resources of a state, those of every module.

    Raises:
        CommandError: the text is not a state.

    """
    values = _document(text, "state", "terraform show -json").get("values")
    if values is None:
        raise CommandError("The state on standard input has no resources: run terraform show -json where they are.")
    if not isinstance(values, dict) or "root_module" not in values:
        raise CommandError("Standard input is not a Terraform state: pipe in terraform show -json.")
    return list(_resources(values["root_module"]))


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield Resource(resource["address"], resource["type"], resource.get("values") or {})
    for child in module.get("child_modules", []):
        yield from _resources(child)


def planned_changes(text: str) -> list[tuple[str, list[str], bool]]:
    """Return address, actions ("no-op", "create", "read", "update", "delete", "forget") and whether it is imported.

    Raises:
        CommandError: the text is not a plan.

    """
    changes = _document(text, "plan", "terraform show -json PLAN").get("resource_changes")
    if not isinstance(changes, list):
        raise CommandError("Standard input is not a Terraform plan: pipe in terraform show -json PLAN.")
    return [
        (change["address"], change["change"]["actions"], "importing" in change["change"])
        for change in changes
        if change.get("mode") == "managed"
    ]


def _document(text: str, what: str, command: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise CommandError(f"Standard input is not a Terraform {what} in JSON: pipe in {command}.") from error
    if not isinstance(document, dict) or "format_version" not in document:
        raise CommandError(f"Standard input is not a Terraform {what} in JSON: pipe in {command}.")
    return document
