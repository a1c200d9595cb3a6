"""settings.tf has each setting of the function: its toggle, its default, and the actions that its module lists."""

import pytest

from table_sync.settings import SETTINGS
from tests.support.terraform_console import evaluate

pytestmark = pytest.mark.usefixtures("real_terraform")

SERVICES = ("application-autoscaling", "cloudwatch", "dynamodb", "kinesis", "lambda")
STUBS = {
    "account": "123456789012",
    "partition": "aws",
    "arn_prefix": {service: f"arn:aws:{service}:eu-west-1:123456789012" for service in SERVICES},
    "any_region_arn_prefix": {service: f"arn:aws:{service}:*:123456789012" for service in SERVICES},
}
DEFAULTS = {setting.TOGGLE: setting.DEFAULT for setting in SETTINGS}
# Each two toggles differ in one of these.
HALVES = [
    {toggle: bool(number >> bit & 1) for number, toggle in enumerate(DEFAULTS)}
    for bit in range(len(DEFAULTS).bit_length())
]
ALL_ON = dict.fromkeys(DEFAULTS, True)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Return a function that evaluates the map for inputs."""
    return lambda **inputs: evaluate(
        "local.settings", "settings.tf", tmp_path_factory.mktemp("settings"), stubs=STUBS, **inputs
    )


def actions(setting):
    return sorted(action for statement in setting["statements"] for action in statement["Action"])


@pytest.mark.parametrize("inputs", [{}, ALL_ON, *HALVES])
def test_each_setting_is_on_as_its_own_input_says_and_by_default_as_its_module_says(settings, inputs):
    assert {toggle: setting["on"] for toggle, setting in settings(**inputs).items()} == DEFAULTS | inputs


def test_each_setting_grants_the_actions_that_its_module_lists_and_no_others(settings):
    assert {toggle: actions(setting) for toggle, setting in settings(**ALL_ON).items()} == {
        setting.TOGGLE: sorted((*setting.READ_ACTIONS, *setting.WRITE_ACTIONS)) for setting in SETTINGS
    }


@pytest.mark.parametrize(
    ("toggle", "need"),
    [
        ("enable_scalable_target_tag_settings", "enable_auto_scaling_settings"),
        ("enable_event_source_mapping_tag_settings", "enable_dynamodb_lambda_trigger"),
    ],
)
def test_tags_of_what_is_not_made_grant_nothing(settings, toggle, need):
    setting = settings(**ALL_ON | {need: False})[toggle]
    # It is on all the same: the report says that what it needs is off.
    assert setting == {"on": True, "statements": []}


def test_a_key_of_filters_grants_its_use_with_the_trigger(settings):
    key = "arn:aws:kms:eu-west-1:123456789012:key/0ec5"
    plain, with_key = settings(), settings(event_source_mapping_kms_key_arns=[key])
    statements = with_key["enable_dynamodb_lambda_trigger"]["statements"]
    assert statements == [
        *plain["enable_dynamodb_lambda_trigger"]["statements"],
        {
            "Sid": "ReadTriggerFilters",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [key],
        },
    ]
    assert {**with_key, "enable_dynamodb_lambda_trigger": None} == {**plain, "enable_dynamodb_lambda_trigger": None}
