"""Filter criteria that a customer managed key encrypts are sent to Lambda, and shown to nobody."""

import io
import json
import math
import sys

import pytest

from table_sync.command_line import cli
from tests.support.outcomes import Listener
from tests.support.tables import REGION, make_function, make_source, restore, settings_of, wait_until_active

CARD = "4929-1234"
PATTERN = json.dumps({"dynamodb": {"NewImage": {"card": {"S": [CARD]}}}})
CRITERIA = {"Filters": [{"Pattern": PATTERN}]}


@pytest.fixture
def encrypted(aws):
    """Make a source with a trigger whose filter a key encrypts."""
    make_source(aws)
    stream = aws.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    aws.client("lambda").create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=make_function(aws, "secret"),
        StartingPosition="LATEST",
        FilterCriteria=CRITERIA,
        KMSKeyArn=f"arn:aws:kms:{REGION}:{aws.account}:key/00000000-0000-0000-0000-000000000000",
    )
    aws.clock.advance(60)


def sent(aws):
    return [
        call.parameters["FilterCriteria"]
        for call in aws.calls
        if call.operation == "CreateEventSourceMapping" and call.parameters["FunctionName"].endswith(":secret")
    ]


@pytest.mark.usefixtures("encrypted")
@pytest.mark.parametrize("log_level", ["DEBUG", "INFO"])
def test_neither_the_log_nor_the_outcome_event_nor_a_report_shows_them(aws, deploy, monkeypatch, log_level):
    monkeypatch.setenv("LOG_LEVEL", log_level)
    pipeline = deploy()
    listener = Listener(aws)
    aws.calls.clear()
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    reports = [pipeline.invoke(source_table="orders", target_table="orders-restored", dry_run=True)]
    pipeline.run()
    reports.append(pipeline.invoke(source_table="orders", target_table="orders-restored"))
    assert sent(aws) == [CRITERIA]
    assert settings_of(aws, "orders-restored")["triggers"].keys() == settings_of(aws, "orders")["triggers"].keys()
    planned = reports[0]["settings"]["triggers"]["changes"]
    shown = [change["parameters"] for change in planned if "KMSKeyArn" in change["parameters"]]
    assert [parameters["FilterCriteria"] for parameters in shown] == ["(encrypted)"]
    assert "Filters" in json.dumps(reports[0]), "those of the other trigger are no secret"
    for text in (*map(json.dumps, reports), json.dumps(pipeline.log), json.dumps(listener.take())):
        assert text != "[]"
        assert CARD not in text


@pytest.mark.usefixtures("encrypted")
@pytest.mark.parametrize("quoted", [PATTERN, json.dumps(PATTERN), CARD])
def test_a_refusal_that_quotes_them_is_told_without(aws, pipeline, quoted):
    aws.faults.add(
        "CreateEventSourceMapping",
        "ValidationException",
        f"Value '{quoted}' at 'filterCriteria' failed to satisfy constraint: x",
        times=math.inf,
        when=lambda call: call.parameters["FunctionName"].endswith(":secret"),
    )
    listener = Listener(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    (message,) = pipeline.quarantined
    assert "at 'filterCriteria' failed to satisfy constraint: x" in message["reason"]
    for text in (message["reason"], json.dumps(pipeline.log), json.dumps(listener.take())):
        assert CARD not in text


@pytest.mark.usefixtures("encrypted")
@pytest.mark.parametrize(
    "arguments",
    [
        ["diff", "--calls"],
        ["diff", "--json"],
        ["sync", "--yes", "--calls"],
        ["sync", "--yes", "--json"],
        ["sync", "--calls"],
    ],
)
def test_the_command_line_does_not_show_them(aws, monkeypatch, capsys, arguments):
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(10)
    monkeypatch.setattr("time.sleep", aws.clock.sleep)
    monkeypatch.setattr("time.monotonic", aws.clock.now)
    stdin = io.StringIO("y\n")
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)
    command, *options = arguments
    cli.main([command, "orders", "orders-restored", *options])
    captured = capsys.readouterr()
    assert "(encrypted)" in captured.out
    assert CARD not in captured.out + captured.err
