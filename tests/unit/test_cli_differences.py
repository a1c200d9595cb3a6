"""What a comparison shows of source and target: their values where they differ."""

import pytest

from table_sync.command_line.differences import between, described, made
from table_sync.settings import SETTINGS, tags, triggers
from table_sync.settings.setting import Change
from tests.settings import module_of

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:audit"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)
def test_differences_show_source_and_target(setting):
    cases = module_of(setting).DIFFERENCES
    shown = [[line for step in setting.plan(source, target) for line in described(step)] for source, target, _ in cases]
    assert shown == [lines for _, _, lines in cases] != []


def test_what_was_made_shows_the_value_before():
    (change,) = tags.plan({"env": "prod", "new": "tag"}, {"env": "staging"})
    assert made(change) == ["env: prod (before: staging)", "new: tag (before: none)"]


def test_secrets_are_hidden():
    mapping = triggers.EventSourceMapping(
        "Enabled", {"FunctionName": FUNCTION, "KMSKeyArn": "k", "FilterCriteria": {"Filters": [{"Pattern": "secret"}]}}
    )
    (change,) = triggers.plan({FUNCTION: mapping}, {})
    shown = f"{described(change)}{[one.as_dict() for one in between(change)]}"
    assert "secret" not in shown
    assert "(encrypted)" in shown


def test_a_document_that_is_no_json_is_a_value():
    assert described(Change("PutResourcePolicy", {"Policy": "{not\nJSON"})) == ["Policy: {not JSON -> (none)"]
