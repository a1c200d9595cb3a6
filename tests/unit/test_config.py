import pytest

from table_sync.config import Config, ConfigurationError
from table_sync.settings import SETTINGS

NAMES = {setting.NAME for setting in SETTINGS}


def test_every_variable_has_a_default():
    assert Config.from_environment({}) == Config(
        enabled=frozenset(NAMES),
        queue_url="",
        dlq_url="",
        backoff_base_seconds=15,
        backoff_rate=1.5,
        backoff_max_delay_seconds=110,
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)
@pytest.mark.parametrize("value", ["false", "FALSE", "False"])
def test_a_toggle_turns_off_its_setting_and_no_other(setting, value):
    assert Config.from_environment({setting.TOGGLE.upper(): value}).enabled == NAMES - {setting.NAME}


@pytest.mark.parametrize(
    "variables",
    [
        {"ENABLE_TTL_SETTINGS": "yes"},
        {"BACKOFF_BASE_SECONDS": "soon"},
        {"BACKOFF_BASE_SECONDS": "0"},
        {"BACKOFF_RATE": "0.5"},
        {"BACKOFF_MAX_DELAY_SECONDS": "nan"},
        {"BACKOFF_MAX_DELAY_SECONDS": "inf"},
    ],
    ids=str,
)
def test_a_wrong_value_is_named_with_what_is_allowed(variables):
    ((name, value),) = variables.items()
    with pytest.raises(ConfigurationError, match=rf"{name} is '{value}': set it to .*\."):
        Config.from_environment(variables)
