"""What `table-sync check-plan` says of a plan, and what `table-sync repair` removes from generated configuration."""

import json

import pytest

from table_sync.command_line.check_plan import check
from table_sync.command_line.command_errors import CommandError
from table_sync.command_line.generated_configuration import repair
from table_sync.command_line.terraform_json import managed_resources


def plan(*changes):
    """Return a plan of (address, actions, whether it is imported)."""
    return json.dumps(
        {
            "format_version": "1.2",
            "resource_changes": [
                {
                    "address": address,
                    "mode": "data" if address.startswith("data.") else "managed",
                    "change": {"actions": actions} | ({"importing": {"id": "x"}} if imported else {}),
                }
                for address, actions, imported in changes
            ],
        }
    )


def test_a_plan_that_imports_and_creates_is_clean():
    changes = (("a.a", ["no-op"], True), ("b.b", ["create"], False), ("data.c.c", ["read"], False))
    assert check(plan(*changes)) == (
        True,
        "This plan destroys, replaces and changes nothing (1 to import, 1 to create).",
    )


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (["delete"], "destroy a.a"),
        (["delete", "create"], "replace a.a"),
        (["create", "delete"], "replace a.a"),
        (["update"], "change a.a"),
    ],
)
@pytest.mark.parametrize("imported", [True, False])
def test_a_plan_that_touches_something_is_not(actions, words, imported):
    clean, sentence = check(plan(("a.a", actions, imported), ("b.b", ["no-op"], False)))
    assert not clean
    assert sentence.startswith(f"This plan would {words} (")


def test_every_resource_is_named_once_in_one_line():
    changes = (("a.a", ["delete"], False), ("b.b", ["update"], False), ("c.c", ["update"], False))
    assert check(plan(*changes))[1] == "This plan would destroy a.a; change b.b, c.c (0 to import, 0 to create)."


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format_version": "1.0"}', '{"resource_changes": 1}'])
def test_what_is_no_plan_is_refused_in_a_sentence(text):
    with pytest.raises(CommandError, match=r"not a Terraform plan.*: pipe in terraform show -json PLAN\.$"):
        check(text)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format_version": "1.0"}', '{"format_version": "1.0", "values": []}']
)
def test_what_is_no_state_is_refused_in_a_sentence(text):
    with pytest.raises(CommandError, match=r"tate.*terraform show -json"):
        managed_resources(text)


def test_repair_removes_what_the_provider_refuses_and_nothing_else():
    refused = [
        "  point_in_time_recovery {\n    enabled = false\n    recovery_period_in_days = 0\n  }\n",
        "  read_capacity = 0\n  write_capacity = 0\n",
        "  destination_config {\n    on_failure {\n      destination_arn = null\n    }\n  }\n",
        "  datapoints_to_alarm = 0\n",
        "  dimensions = {}\n  period = 0\n",
        '  threshold = 0\n  threshold_metric_id = "band"\n',
    ]
    kept = [
        "  point_in_time_recovery {\n    enabled = true\n    recovery_period_in_days = 14\n  }\n",
        "    read_capacity = 0\n",
        '  destination_config {\n    on_failure {\n      destination_arn = "arn"\n    }\n  }\n',
        "  threshold = 0\n  treat_missing_data = null\n",
    ]
    text, count = repair("".join(refused + kept))
    assert count == 8
    assert text == (
        "  point_in_time_recovery {\n    enabled = false\n  }\n" + '  threshold_metric_id = "band"\n' + "".join(kept)
    )
