"""The policies that Terraform plans for the module's two roles, and each of their actions; and the rules' patterns.

The fixtures `planned` and `planned_rules` (conftest.py) have what `plan` returns, made once a run.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from table_sync.settings import SETTINGS
from tests.support import instances
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.recorder import BUCKET
from tests.support.terraform import REPOSITORY, Terraform, TerraformUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

NAME = "table-sync"
OUTCOME_EVENTS = "enable_outcome_events"
SETTING_OF = {setting.TOGGLE: setting for setting in SETTINGS}
TOGGLES = [*SETTING_OF, OUTCOME_EVENTS]
TOGGLE_OF = {setting.NAME: setting.TOGGLE for setting in SETTINGS}
# For these the Service Authorization Reference has no resource type, or their guide asks for everything.
ON_EVERYTHING = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
    "dynamodb:ListContributorInsights",
    "kinesis:ListStreams",
    "lambda:CreateEventSourceMapping",
    "lambda:ListEventSourceMappings",
}
# Keys of the account: of filters of triggers and of all that the module makes, and the one that was before it.
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0ec5"
OLDER_KEY = "arn:aws:kms:eu-west-1:123456789012:key/01d0"
# Every input that grants something, and that not every test wants.
EVERYTHING = {
    "name": "n23456789-123456789_123456789-123456789_12345678",
    "enable_records": True,
    "event_bus_arn": f"arn:aws:events:eu-west-1:123456789012:event-bus/{'b' * 256}",
    "event_source_mapping_kms_key_arns": [KEY],
    "kms_key_arn": KEY,
    "previous_kms_key_arns": [OLDER_KEY],
    "tracing_mode": "Active",
    "vpc_config": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]},
}
RECORDS = {
    "enable_records": True,
    "records_bucket": BUCKET,
    "kms_key_arn": KEY,
    "previous_kms_key_arns": [OLDER_KEY],
}
SOME_TABLES = {
    "name": "some-tables",
    "restore_types": ["aws_backup", "point_in_time"],
    "include_tables": ["prod-*", "*-*-*-*-*-*"],
    "exclude_tables": ["*backup*"],
}
ROLES = {"this": "function", "recorder": "recorder"}


@dataclass
class Planned:
    """The policy of one role."""

    policy: dict[str, Any]
    characters: int


@dataclass
class Result:
    """What a run under a policy came to."""

    broken: list[str]
    """What of the module's promises, logs included, has not come about."""
    used: set[tuple[str, str]]
    """Actions and resources that the policy was asked for."""


def only(toggle: str) -> set[str]:
    """Return the toggles that have to be on for one to work: triggers read the stream, and so on."""
    need = SETTING_OF[toggle].NEEDS if toggle in SETTING_OF else None
    return {toggle} | (only(TOGGLE_OF[need.setting]) if need else set())


def plan(directory: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Plan the module with sets of inputs; return of each "policies" by role and "patterns" by rule."""
    wanted = {"all": set(TOGGLES), "none": set()} | {toggle: only(toggle) for toggle in TOGGLES}
    inputs: dict[str, dict[str, Any]] = {
        name: {"name": NAME} | {toggle: toggle in on for toggle in TOGGLES} for name, on in wanted.items()
    }
    inputs["everything"] = inputs["all"] | EVERYTHING
    inputs["records"] = inputs["all"] | RECORDS
    inputs["some_tables"] = SOME_TABLES
    # One with a null that is not the default.
    without_event_history = inputs["records"] | {"source": str(REPOSITORY), "event_history_schedule": None}
    modules = {"each": instances.module(inputs), "without_event_history": without_event_history}
    (directory / "main.tf.json").write_text(json.dumps({"module": modules}))
    try:
        with EmbeddedAWS(server=True) as aws:
            terraform = Terraform(directory, aws.environment())
            terraform.init()
            with terraform.one_provider():
                terraform.plan(directory / "plan")
                children = terraform.show(directory / "plan")["planned_values"]["root_module"]["child_modules"]
    except TerraformUnavailable as unavailable:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI is true, so a skip will not do. {unavailable}", pytrace=False)
        pytest.skip(f"It needs real Terraform. {unavailable}")
    return {
        module["address"].removeprefix("module.").removeprefix('each["').removesuffix('"]'): {
            "policies": {ROLES[one["name"]]: one["values"]["policy"] for one in of_type(module, "aws_iam_role_policy")},
            "patterns": {
                one["index"] if one["name"] == "this" else one["name"]: one["values"]["event_pattern"]
                for one in of_type(module, "aws_cloudwatch_event_rule")
                if one["values"]["event_pattern"]
            },
        }
        for module in children
    }


def of_type(module: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the resources of a type in a planned module."""
    return [resource for resource in module["resources"] if resource["type"] == kind]


def granted(policy: dict[str, Any]) -> list[tuple[int, str]]:
    """Return each statement's number with each of its actions."""
    return [(number, action) for number, statement in enumerate(policy["Statement"]) for action in statement["Action"]]


def without(policy: dict[str, Any], number: int, action: str) -> dict[str, Any]:
    """Return the policy less one action of one statement."""
    statements = [
        statement | {"Action": [other for other in statement["Action"] if (index, other) != (number, action)]}
        for index, statement in enumerate(policy["Statement"])
    ]
    return policy | {"Statement": [statement for statement in statements if statement["Action"]]}


def unused(policy: dict[str, Any], used: set[tuple[str, str]]) -> list[str]:
    """Return the actions of statements that nothing used had to have."""
    asked: dict[str, list[str]] = {}
    for action, resource in used:
        asked.setdefault(action, []).append(resource)
    missing = []
    for number, action in granted(policy):
        statement = policy["Statement"][number] | {"Action": [action], "Condition": {}}
        requests = (AccessRequest("arn:aws:sts::1:x", action, resource) for resource in asked.get(action, []))
        if not any(decision({"Statement": [statement]}, request) for request in requests):
            missing.append(described(policy, number, action))
    return missing


def harmless(
    policy: dict[str, Any], actions: Iterable[tuple[int, str]], run: Callable[[dict[str, Any], str], Result]
) -> list[str]:
    """Return the actions without which a run breaks nothing; `run` gets the policy without it, and the action."""
    return [
        described(policy, number, action)
        for number, action in actions
        if not run(without(policy, number, action), action).broken
    ]


def described(policy: dict[str, Any], number: int, action: str) -> str:
    """Return an action with the name of its statement."""
    return f"{policy['Statement'][number]['Sid']}: {action}"
