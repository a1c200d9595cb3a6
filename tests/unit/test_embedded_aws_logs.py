"""Filter patterns for lines that are JSON."""

import json

import pytest
from botocore.exceptions import ClientError

LINES = {
    "failed": json.dumps(
        {"outcome": "failed", "target": "arn:x:table/orders-2", "settings": {"ttl": {"status": "failed"}}}
    ),
    "done": json.dumps({"outcome": "in_sync", "target": "arn:x:table/orders", "attempt": 3}),
    "text": "failed orders",
    "list": '["failed"]',
}


@pytest.fixture
def search(aws):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="group")
    logs.create_log_stream(logGroupName="group", logStreamName="stream")
    events = [{"timestamp": int(aws.clock.now() * 1000), "message": line} for line in LINES.values()]
    logs.put_log_events(logGroupName="group", logStreamName="stream", logEvents=events)
    names = {line: name for name, line in LINES.items()}

    def search(pattern):
        found = logs.filter_log_events(logGroupName="group", filterPattern=pattern)["events"]
        return [names[event["message"]] for event in found]

    return search


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.outcome = "failed" }', ["failed"]),
        ('{$.outcome="failed"}', ["failed"]),
        ('{ $.outcome = "fail" }', []),
        ('{ $.outcome = "*" }', ["failed", "done"]),
        ('{ $.target = "*:table/orders" }', ["done"]),
        ('{ $.target = "*orders*" && $.outcome = "failed" }', ["failed"]),
        ('{ $.settings.ttl.status = "failed" }', ["failed"]),
        ('{ $.outcome != "failed" }', ["done"]),
        ('{ $.attempt = "3" }', []),
        ('{ ($.outcome = "failed") || ($.target = "*/orders") }', ["failed", "done"]),
        ('{ $.outcome = "x" && ($.outcome = "failed" || $.outcome = "*") }', []),
        ('{ $.outcome = "in_sync" || $.outcome = "failed" && $.target = "x" }', ["done"]),
        ("failed", ["failed", "text", "list"]),
    ],
)
def test_a_pattern_finds_what_the_guide_says(search, pattern, found):
    assert search(pattern) == found


@pytest.mark.parametrize(
    "pattern",
    [
        "{ }",
        '{ $.outcome = "failed"',
        '{ $.outcome == "failed" }',
        '{ outcome = "failed" }',
        "{ $.outcome = failed }",
        '{ $.outcome = "failed" } and',
        '{ $.outcome = "failed" && }',
        '{ ($.outcome = "failed" }',
        "{ $.attempt > 2 }",
    ],
)
def test_what_is_none_is_refused(search, pattern):
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        search(pattern)
