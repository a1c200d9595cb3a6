"""The order in which settings are copied."""

from table_sync.settings import SETTINGS


def test_a_setting_comes_after_the_one_that_it_needs():
    names = [setting.NAME for setting in SETTINGS]
    needs = [(setting.NEEDS.setting, setting.NAME) for setting in SETTINGS if setting.NEEDS]
    assert {name for _, name in needs} == {
        "triggers",
        "resource_policy",
        "alarms",
        "event_source_mapping_tags",
        "scalable_target_tags",
    }
    assert all(names.index(needed) < names.index(name) for needed, name in needs)
