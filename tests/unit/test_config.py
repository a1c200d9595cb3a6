import pytest

from table_sync.config import Config, ConfigurationError
from table_sync.queue.table_filter import TableFilter
from table_sync.settings import SETTINGS

ON = {setting.NAME for setting in SETTINGS if setting.DEFAULT}


def test_every_variable_has_a_default():
    assert Config.from_environment({}) == Config(
        enabled=frozenset(ON),
        create_triggers_disabled=False,
        table_filter=TableFilter(include=(), exclude=("awsbackup-restore-test-*",)),
        outcome_events=True,
        event_bus_arn="",
        queue_url="",
        dlq_url="",
        records_bucket="",
        max_attempts=1000,
        backoff_base_seconds=15,
        backoff_rate=1.015,
        backoff_max_delay_seconds=175,
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)
@pytest.mark.parametrize("value", ["false", "FALSE", "False"])
def test_a_toggle_turns_off_its_setting_and_no_other(setting, value):
    assert Config.from_environment({setting.TOGGLE.upper(): value}).enabled == ON - {setting.NAME}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)
def test_a_toggle_turns_on_its_setting_and_no_other(setting):
    assert Config.from_environment({setting.TOGGLE.upper(): "True"}).enabled == ON | {setting.NAME}


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
