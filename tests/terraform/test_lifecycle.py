"""Two instances in one account, planned in one checkout and applied in another, upgraded, used and destroyed."""

import json

import pytest

from tests.terraform.lifecycle import INSTANCES
from tests.terraform.packages import OLDER_PACKAGE, PACKAGE, code_sha256

pytestmark = pytest.mark.usefixtures("real_terraform", "lifecycle", "examples")


@pytest.fixture(scope="package")
def life(lifecycle):
    return lifecycle.result()


def flat(value):
    """Return the leaves of what an output may be."""
    return set().union(*map(flat, value.values())) if isinstance(value, dict) else {value} - {None}


def test_two_instances_share_nothing(life):
    first, second = (
        flat(life.outputs[instance]) - {life.outputs[instance]["retry_window_seconds"]} for instance in INSTANCES
    )
    assert not first & second


def test_saved_plan_is_applied_in_another_checkout(life):
    assert life.older_code == dict.fromkeys(INSTANCES, code_sha256(OLDER_PACKAGE))


def test_code_upgrade_is_planned_in_one_checkout_and_applied_in_another(life):
    assert life.code == dict.fromkeys(INSTANCES, code_sha256(PACKAGE))


def test_code_upgrade_updates_only_the_functions(life):
    assert life.upgrade == {f"module.{name}.aws_lambda_function.this[0]": ["update"] for name in INSTANCES}


def test_second_plan_changes_nothing(life):
    assert life.second_plan == {}


def test_each_instance_gets_the_restore_that_succeeded(life):
    for instance in INSTANCES:
        (body,) = life.restores[instance]
        assert json.loads(body)["detail"]["requestParameters"]["targetTableName"] == "target"


def test_destroy_leaves_nothing(life):
    assert life.left == []
