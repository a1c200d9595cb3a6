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
    """Return a function that evaluates the map, or another expression, for inputs."""
    return lambda expression="local.settings", **inputs: evaluate(
        expression, "settings.tf", tmp_path_factory.mktemp("settings"), stubs=STUBS, **inputs
    )


def actions(*statements):
    return sorted(action for statement in statements for action in statement["Action"])


@pytest.mark.parametrize("inputs", [{}, ALL_ON, *HALVES])
def test_each_setting_is_on_as_its_own_input_says_and_by_default_as_its_module_says(settings, inputs):
    assert {toggle: setting["on"] for toggle, setting in settings(**inputs).items()} == DEFAULTS | inputs


@pytest.fixture(scope="module")
def granted(settings):
    """The map with each toggle on."""
    return settings(**ALL_ON)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)
def test_a_setting_grants_the_actions_that_its_module_lists_and_no_others(granted, setting):
    found = granted[setting.TOGGLE]
    assert actions(*found["read"]) == sorted(setting.READ_ACTIONS)
    assert actions(*found["write"]) == sorted(setting.WRITE_ACTIONS)


def test_the_recorder_may_read_every_setting_whatever_is_on_and_write_none(settings):
    off = dict.fromkeys(DEFAULTS, False)
    assert actions(*settings("local.setting_read_statements", **off)) == sorted(
        action for setting in SETTINGS for action in setting.READ_ACTIONS
    )


def test_a_toggle_that_is_off_grants_nothing(settings):
    assert settings("local.setting_statements", **dict.fromkeys(DEFAULTS, False)) == []


@pytest.mark.parametrize(
    ("toggle", "need"),
    [
        ("enable_scalable_target_tag_settings", "enable_auto_scaling_settings"),
        ("enable_event_source_mapping_tag_settings", "enable_dynamodb_lambda_trigger"),
    ],
)
def test_tags_of_what_is_not_made_grant_nothing(settings, toggle, need):
    inputs = ALL_ON | {need: False}
    setting = settings(**inputs)[toggle]
    # It is on all the same: the report says that what it needs is off.
    assert setting["on"] is True
    granted = settings("local.setting_statements", **inputs)
    assert not any(statement in granted for statement in (*setting["read"], *setting["write"]))


def test_a_key_of_filters_grants_its_use_with_the_trigger(settings):
    key = "arn:aws:kms:eu-west-1:123456789012:key/0ec5"
    plain, with_key = settings(), settings(event_source_mapping_kms_key_arns=[key])
    # The recorder gets what is under "read", and may not decrypt filters.
    assert with_key["enable_dynamodb_lambda_trigger"]["read"] == plain["enable_dynamodb_lambda_trigger"]["read"]
    assert with_key["enable_dynamodb_lambda_trigger"]["write"] == [
        *plain["enable_dynamodb_lambda_trigger"]["write"],
        {
            "Sid": "ReadTriggerFilters",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [key],
        },
    ]
    assert {**with_key, "enable_dynamodb_lambda_trigger": None} == {**plain, "enable_dynamodb_lambda_trigger": None}
