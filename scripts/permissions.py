"""The tables of permissions in docs/permissions.md, from the settings' modules.

tests/terraform/test_settings_file.py compares these with settings.tf, and tests/proof/test_*permissions.py with the
policies that Terraform plans.
"""

from __future__ import annotations

from scripts.terraform_files import defaults
from table_sync.settings import SETTINGS

ALWAYS = "always"
OUTCOME_EVENTS = "enable_outcome_events"
RECORDS = "enable_records"
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
# records_statements in records.tf.
RECORDS_ACTIONS = {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucketVersions", "s3:PutObject"}
# recorder_statements and event_history_statements in records.tf.
RECORDER_ACTIONS = {
    "dynamodb:DescribeTable",
    "dynamodb:ListTables",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
}
EVENT_HISTORY_ACTIONS = {
    "cloudtrail:LookupEvents",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "sqs:SendMessage",
}


def actions() -> dict[str, set[str]]:
    """Return the IAM actions that each toggle grants, and under ALWAYS those that the role always has.

    Those that inputs other than toggles grant (a key, traces, a VPC) are not among them.
    """
    of_settings = {setting.TOGGLE: {*setting.READ_ACTIONS, *setting.WRITE_ACTIONS} for setting in SETTINGS}
    return {ALWAYS: BASE_ACTIONS, **of_settings, OUTCOME_EVENTS: {"events:PutEvents"}, RECORDS: RECORDS_ACTIONS}


def recorder_actions() -> dict[str, set[str]]:
    """Return the IAM actions of the recorder's role, by what they are for."""
    return {
        "read the settings of every table": {action for setting in SETTINGS for action in setting.READ_ACTIONS},
        "list tables, write records, use its queue and its log": RECORDER_ACTIONS,
        "query the event history, unless `event_history_schedule` is `null`": EVENT_HISTORY_ACTIONS,
    }


def table() -> str:
    """Return the table as Markdown: each setting's name in the report, its toggle, its default and its actions."""
    default, names = defaults(), {setting.TOGGLE: setting.NAME for setting in SETTINGS}
    rows = ["| In the report | Toggle | Default | Permissions |", "| --- | --- | --- | --- |"]
    for toggle, granted in actions().items():
        name = f"`{names[toggle]}`" if toggle in names else ""
        shown = toggle if toggle == ALWAYS else f"`{toggle}`"
        state = "on" if default.get(toggle, True) else "**off**"
        rows.append(f"| {name} | {shown} | {state} | {_listed(granted)} |")
    return "\n".join(rows)


def recorder_table() -> str:
    """Return the permissions of the recorder's role as a Markdown table."""
    rows = ["| To | Permissions |", "| --- | --- |"]
    rows += [f"| {purpose} | {_listed(granted)} |" for purpose, granted in recorder_actions().items()]
    return "\n".join(rows)


def _listed(actions: set[str]) -> str:
    return "<br>".join(f"`{action}`" for action in sorted(actions))
