"""The table of permissions in README.md, from the settings' modules.

tests/terraform/test_settings_file.py compares these with settings.tf, and tests/proof/test_permissions.py with the
policy that Terraform plans.
"""

from __future__ import annotations

from scripts.terraform_files import defaults
from table_sync.settings import SETTINGS

ALWAYS = "always"
OUTCOME_EVENTS = "enable_outcome_events"
# base_statements in iam.tf, and what restores from a backup need.
BASE_ACTIONS = {
    "dynamodb:DescribeBackup",
    "dynamodb:DescribeTable",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
}


def actions() -> dict[str, set[str]]:
    """Return the IAM actions that each toggle grants, and under ALWAYS those that the role always has.

    Those that inputs other than toggles grant (a key, traces, a VPC) are not among them.
    """
    of_settings = {setting.TOGGLE: {*setting.READ_ACTIONS, *setting.WRITE_ACTIONS} for setting in SETTINGS}
    return {ALWAYS: BASE_ACTIONS, **of_settings, OUTCOME_EVENTS: {"events:PutEvents"}}


def table() -> str:
    """Return the table as Markdown: each setting's name in the report, its toggle, its default and its actions."""
    default, names = defaults(), {setting.TOGGLE: setting.NAME for setting in SETTINGS}
    rows = ["| In the report | Toggle | Default | Permissions |", "| --- | --- | --- | --- |"]
    for toggle, granted in actions().items():
        name = f"`{names[toggle]}`" if toggle in names else ""
        shown = toggle if toggle == ALWAYS else f"`{toggle}`"
        state = "on" if default.get(toggle, True) else "**off**"
        rows.append(f"| {name} | {shown} | {state} | {'<br>'.join(f'`{action}`' for action in sorted(granted))} |")
    return "\n".join(rows)
