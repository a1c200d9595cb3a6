"""The recorder's package in a process of its own, as Lambda runs it, stays within its memory.

`make sweep` has it sweep 10,000 tables.
"""

import json
import os
from collections import deque

import pytest

from table_sync.aws import Table
from table_sync.records import record as records
from tests.proof.fleet import make_fleet
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.recorder import BUCKET, MEGABYTES, DeployedRecorder
from tests.support.restore_events import arn
from tests.support.tables import make_table, of_table

TABLES = int(os.environ.get("SWEEP_TABLES", "20"))
QUERIES, QUERY = 10, " + ".join(["used"] * 290)  # CloudWatch takes 2,048 characters


@pytest.fixture
def recorder():
    with EmbeddedAWS(server=True) as aws:
        # All that are not kept cannot fill the memory.
        aws.calls = deque(maxlen=1000)
        with DeployedRecorder(aws, package=True) as recorder:
            yield recorder


def assert_peak_is_within_its_memory(recorder, figures, when):
    assert recorder.metric("TablesNotRecorded") == 0
    peak = recorder.runtime.peak_megabytes
    figures("memory of the recorder", **{when: f"{peak:.0f} MB"})
    assert peak < MEGABYTES


def test_a_sweep(recorder, figures):
    make_fleet(recorder.aws, TABLES)
    recorder.aws.sqs.queue(recorder.function.queue_arn).stored.clear()
    recorder.aws.rate_limits.enforced = True
    recorder.sweep()
    assert recorder.metric("TablesRecorded") == TABLES
    assert_peak_is_within_its_memory(recorder, figures, f"in a sweep of {TABLES} tables")


def test_the_largest_record(recorder, figures):
    """It replaces one of the same size that takes the most memory to read, and is compared with itself."""
    aws = recorder.aws
    make_table(aws, "orders", indexes=(), items=0)
    make_table(aws, "customers", indexes=(), items=0)
    for number in range(45):
        make_large_alarm(aws, "orders", number)
    table = Table(arn("orders"), aws.client("dynamodb").describe_table(TableName="orders")["Table"])
    key = f"{records.prefix(table)}{table.description['TableId']}.json"
    write(aws, key, largest_record(table))
    write(aws, records.prefix(Table(arn("customers"))) + "id.json", b"[" * 10_000_000)
    recorder.sweep()
    recorder.sweep()
    record = recorder.record("orders")
    assert record["settings"]["alarms"]
    assert 0.9 * records.LARGEST_BYTES < len(json.dumps(record, indent=1)) <= records.LARGEST_BYTES
    assert_peak_is_within_its_memory(recorder, figures, "with the largest record")


def make_large_alarm(aws, table, number):
    used = {
        "Id": "used",
        "MetricStat": {
            "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "UserErrors", "Dimensions": of_table(table)},
            "Period": 60,
            "Stat": "Sum",
        },
        "ReturnData": False,
    }
    queries = [
        {"Id": f"q{query}", "Expression": QUERY, "Label": "x", "ReturnData": query == 0} for query in range(QUERIES)
    ]
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=f"large-{number}",
        Metrics=[used, *queries],
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )


def largest_record(table):
    """Return a record of as many objects as fit in."""
    body = {
        "version": 1,
        "table": table.arn,
        "table_id": table.description["TableId"],
        "created_at": table.description["CreationDateTime"].isoformat(),
        "recorded_at": table.description["CreationDateTime"].isoformat(),
        "settings": {"tags": {"x": []}},
    }
    room = records.LARGEST_BYTES - len(json.dumps(body))
    body["settings"]["tags"]["x"] = [{}] * (room // 4)
    return json.dumps(body).encode()


def write(aws, key, body):
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
