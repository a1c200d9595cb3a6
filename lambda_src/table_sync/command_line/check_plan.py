"""Whether a plan leaves everything that exists as it is."""

from __future__ import annotations

from table_sync.command_line.terraform_json import planned_changes

_WORDS = {
    ("delete",): "destroy",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("update",): "change",
}


def check(text: str) -> tuple[bool, str]:
    """Return whether a plan destroys, replaces and changes nothing, and a sentence that says so.

    Args:
        text: what `terraform show -json PLAN` prints.

    Raises:
        table_sync.command_line.command_errors.CommandError: the text is not a plan.

    """
    changes = planned_changes(text)
    touched: dict[str, list[str]] = {"destroy": [], "replace": [], "change": []}
    for address, actions, _ in changes:
        if tuple(actions) in _WORDS:
            touched[_WORDS[tuple(actions)]].append(address)
    imported = sum(importing for _, _, importing in changes)
    created = sum(actions == ["create"] for _, actions, _ in changes)
    counts = f"{imported} to import, {created} to create"
    parts = [f"{verb} {', '.join(addresses)}" for verb, addresses in touched.items() if addresses]
    if parts:
        return False, f"This plan would {'; '.join(parts)} ({counts})."
    return True, f"This plan destroys, replaces and changes nothing ({counts})."
