"""The rules pass every restore that the function looks after, and as few others as a pattern can keep away."""

import itertools
import json

import pytest

from table_sync.restore import parse
from table_sync.selection import Selection
from tests.support.embedded_aws import event_patterns
from tests.support.restore_events import EVENTS, arn
from tests.support.rules import DEFAULT_PATTERNS, rendered_patterns

pytestmark = pytest.mark.usefixtures("real_terraform")

TABLES = ["orders", "orders-restored", "prod-orders", "prod-orders-test", "awsbackup-restore-test-1", "a.b", "X_y"]
SELECTIONS = [
    Selection(),
    Selection(include=("orders",)),
    Selection(include=("prod-*", "X_y")),
    Selection(include=("*",)),
    Selection(exclude=("awsbackup-restore-test-*",)),
    Selection(exclude=("*-test*", "a.b")),
    Selection(exclude=("*",)),
    Selection(include=("prod-*",), exclude=("awsbackup-restore-test-*",)),
    Selection(include=("*orders*",), exclude=("*-test", "a.b")),
    Selection(include=("prod-*", "orders-*"), exclude=("awsbackup-restore-test-*",)),
    Selection(include=("prod-*",), exclude=("awsbackup-restore-test-*", "*-test")),
    Selection(include=("o*s", "X_y", "*-*-*"), exclude=("*-r*",)),
    Selection(include=("prod-*", "*orders*", "X_*"), exclude=("*-test*", "a.b")),
    Selection(include=tuple(f"table-{number}" for number in range(100))),
]
# Those of which not every rule has the names.
TOO_MUCH = SELECTIONS[-3:]


def events():
    """Yield each kind of event of each pair of tables."""
    for source, target in itertools.product(TABLES, repeat=2):
        for restore_type, event in EVENTS.items():
            yield restore_type, event(source, target)
        yield "point_in_time", EVENTS["point_in_time"](arn(source, "us-east-1"), target)


def both_included_and_excluded(selection, restore):
    names = [table.rpartition("/")[2] for table in (restore.source, restore.target)]
    return any(
        Selection(include=selection.include).admits(same) and not Selection(exclude=selection.exclude).admits(same)
        for same in (type(restore)(name, name) for name in names)
    )


def test_the_defaults_are_written_out_for_what_needs_no_terraform(tmp_path):
    patterns = rendered_patterns(tmp_path)
    assert {restore_type: json.loads(pattern) for restore_type, pattern in patterns.items()} == DEFAULT_PATTERNS


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_a_rule_passes_what_the_function_looks_after(tmp_path, selection):
    rendered = rendered_patterns(tmp_path, include_tables=selection.include, exclude_tables=selection.exclude)
    patterns = {restore_type: event_patterns.parse(text) for restore_type, text in rendered.items()}
    passed = 0
    for restore_type, event in events():
        restore = parse(json.dumps(event))
        passes = [name for name, pattern in patterns.items() if event_patterns.matches(pattern, event)]
        assert passes in ([], [restore_type])
        passed += bool(passes)
        if selection.admits(restore):
            assert passes
        elif passes:
            assert selection in TOO_MUCH or both_included_and_excluded(selection, restore)
    assert passed or "*" in selection.exclude


@pytest.mark.parametrize("restore_types", [["backup"], ["aws_backup", "point_in_time"]], ids=str)
def test_only_the_restore_types_that_are_watched_have_a_rule(tmp_path, restore_types):
    assert sorted(rendered_patterns(tmp_path, restore_types=restore_types)) == sorted(restore_types)


@pytest.mark.parametrize(
    ("restore_type", "detail"),
    [
        ("point_in_time", {"errorCode": "TableAlreadyExistsException"}),
        ("backup", {"errorCode": "BackupNotFoundException"}),
        ("backup", {"eventName": "DeleteTable"}),
        ("aws_backup", {"status": "RUNNING"}),
        ("aws_backup", {"status": "FAILED"}),
        ("aws_backup", {"resourceType": "RDS"}),
    ],
    ids=str,
)
def test_nothing_else_passes_a_rule(tmp_path, restore_type, detail):
    patterns = rendered_patterns(tmp_path)
    event = EVENTS[restore_type](**detail)
    assert not any(event_patterns.matches(json.loads(pattern), event) for pattern in patterns.values())
