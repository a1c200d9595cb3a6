"""The dashboard shows metrics that there are, in places of their own."""

import itertools
import math
import os
import re

import pytest

from tests.support.alarms import DEFAULT as ALARMS
from tests.support.alarms import OF_RECORDS
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_metrics import embedded_metrics
from tests.support.pipeline import Pipeline
from tests.support.tables import make_source, restore
from tests.support.terraform import TerraformUnavailable
from tests.support.terraform_console import evaluate

NAME = "dynamodb-pitr-table-sync"

# SQS developer guide, "Available CloudWatch metrics for Amazon SQS"; Lambda developer guide, "Types of metrics for
# Lambda functions".
OF_AWS = {
    ("AWS/SQS", "QueueName"): {
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesVisible",
    },
    ("AWS/Lambda", "FunctionName"): {"Duration", "Errors", "Invocations", "Throttles"},
}


@pytest.fixture(scope="module")
def widgets(tmp_path_factory):
    stubs = {
        "alarms": dict.fromkeys(ALARMS),
        "records_alarms": dict.fromkeys(OF_RECORDS),
        "arn_prefix": {"cloudwatch": "arn:aws:cloudwatch:eu-west-1:123456789012"},
        "region": "eu-west-1",
    }
    directory = tmp_path_factory.mktemp("dashboard")
    try:
        body = evaluate("jsondecode(local.dashboard_body)", "dashboard.tf", directory, stubs=stubs, name=NAME)
    except TerraformUnavailable as unavailable:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI is true, so a skip will not do. {unavailable}", pytrace=False)
        pytest.skip(f"It needs real Terraform. {unavailable}")
    return body["widgets"]


@pytest.fixture(scope="module")
def function():
    """What the function writes about a restore that is in sync and one that failed: log lines and metrics."""
    with EmbeddedAWS() as aws, Pipeline(aws) as pipeline:
        make_source(aws)
        restore(aws, "orders", "first")
        pipeline.run()
        restore(aws, "orders", "second")
        aws.faults.add("TagResource", "AccessDeniedException", times=math.inf)
        pipeline.run()
        return pipeline.attempts, {series for line in pipeline.log for series, _ in embedded_metrics(line)}


def shown(widgets):
    return [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]


def test_every_metric_of_the_function_that_it_shows_is_written(widgets, function):
    _, written = function
    found = set()
    for metric in shown(widgets):
        if metric[0] == "DynamoDBTableSync":
            found.add((metric[1], frozenset({(metric[2], metric[3])})))
    assert {name for name, _ in found} == {"InSync", "Failed", "Waiting"}
    assert found <= {(series.name, series.dimensions) for series in written}


def test_every_search_finds_what_the_function_writes(widgets, function):
    _, written = function
    expressions = [metric[0]["expression"] for metric in shown(widgets) if isinstance(metric[0], dict)]
    for expression in expressions:
        match = re.fullmatch(
            r"SEARCH\('\{DynamoDBTableSync,service,status\} service=\"(.+)\" status=\"(\w+)\"', 'Sum', 300\)",
            expression,
        )
        assert frozenset({("service", match[1]), ("status", match[2])}) in {series.dimensions for series in written}
    assert len(expressions) == 2


def test_the_other_metrics_are_those_of_aws(widgets):
    others = [metric for metric in shown(widgets) if isinstance(metric[0], str) and metric[0].startswith("AWS/")]
    assert others
    for namespace, name, dimension, value, *_ in others:
        assert name in OF_AWS[namespace, dimension]
        assert value in {NAME, f"{NAME}-dlq"}


def test_the_log_has_the_fields_of_the_query(widgets, function):
    attempts, _ = function
    (query,) = [widget["properties"]["query"] for widget in widgets if widget["type"] == "log"]
    assert query.startswith(f"SOURCE '/aws/lambda/{NAME}' | ")
    assert {attempt["outcome"] for attempt in attempts} > set(re.findall(r"'(in_sync|failed)'", query))
    parsed = dict(re.findall(r"parse (\w+) '\*:table/\*' as \w+, (\w+)", query))
    displayed = re.search(r"display ([^|]+)", query)[1].strip().split(", ")
    read = set(displayed) - {"@timestamp"} - set(parsed.values()) | parsed.keys() | {"outcome"}
    failed = next(attempt for attempt in attempts if attempt["outcome"] == "failed")
    assert read <= failed.keys()


def test_widgets_lie_in_the_grid_beside_each_other(widgets):
    cells = [
        cell
        for widget in widgets
        for cell in itertools.product(
            range(widget["x"], widget["x"] + widget["width"]), range(widget["y"], widget["y"] + widget["height"])
        )
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
