"""The table of permissions in README.md, from iam.tf and the function's settings."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.inputs_outputs import defaults
from table_sync.settings import SETTINGS

IAM = Path(__file__).resolve().parent.parent / "iam.tf"
_GRANT = re.compile(r"^    \{\n      when += (?P<when>.+?)\n(?P<body>.*?)^    \},?$", re.MULTILINE | re.DOTALL)
_ACTIONS = re.compile(r"Action += \[(.*?)\]", re.DOTALL)
_TOGGLE = re.compile(r"var\.(enable_\w+)")
ALWAYS = "always"


def actions() -> dict[str, set[str]]:
    """Return the actions that each toggle brings, and under ALWAYS those that none takes away.

    What the function gets for a key, traces or a VPC is of no toggle and left out.

    Raises:
        ValueError: iam.tf has no grants in the form in which they are looked for.

    """
    found: dict[str, set[str]] = {}
    for grant in _GRANT.finditer(IAM.read_text()):
        toggle = _TOGGLE.search(grant["when"])
        name = toggle[1] if toggle else ALWAYS if grant["when"] == "true" else ""
        listed = {action for actions in _ACTIONS.findall(grant["body"]) for action in re.findall(r'"(.+?)"', actions)}
        if name and "event_source_mapping_kms_key_arns" not in grant["when"]:
            found.setdefault(name, set()).update(listed)
    if not found:
        raise ValueError(f"{IAM.name} has no grants that begin with `when`.")
    return found


def table() -> str:
    """Return the table as Markdown: each setting's name in the report, its toggle, its default and its actions."""
    granted, default = actions(), defaults()
    rows = ["| In the report | Toggle | Default | Permissions |", "| --- | --- | --- | --- |"]
    for name, toggle in (
        ("", ""),
        *((setting.NAME, setting.TOGGLE) for setting in SETTINGS),
        ("", "enable_outcome_events"),
    ):
        listed = "<br>".join(f"`{action}`" for action in sorted(granted[toggle or ALWAYS]))
        state = "on" if default.get(toggle, True) else "**off**"
        rows.append(f"| {f'`{name}`' if name else ''} | {f'`{toggle}`' if toggle else ALWAYS} | {state} | {listed} |")
    return "\n".join(rows)
