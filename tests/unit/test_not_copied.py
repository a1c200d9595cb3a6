"""What a report tells of the source that no setting copies."""

import pytest

from table_sync.aws import Table
from table_sync.not_copied import sentences
from tests.support.restore_events import arn

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
OTHER_KEY = "arn:aws:kms:eu-west-1:123456789012:key/2"


def found(source, target, region="eu-west-1"):
    return list(sentences(Table(arn("orders", region), source), Table(arn("orders-restored"), target)))


def warm(read, write):
    return {"WarmThroughput": {"ReadUnitsPerSecond": read, "WriteUnitsPerSecond": write, "Status": "ACTIVE"}}


def index(name, **more):
    return {"IndexName": name, **more}


def sse(key):
    return {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}}


def replicas(*regions):
    return {"Replicas": [{"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in regions]}


CASES = {
    "replicas": (
        replicas("us-east-1", "ap-southeast-2"),
        {},
        ["The source has replicas in ap-southeast-2, us-east-1. The restored table does not."],
    ),
    "a replica more": (
        replicas("us-east-1", "us-west-2"),
        replicas("us-west-2"),
        ["The source has replicas in us-east-1. The restored table does not."],
    ),
    "a replica in its own Region": (replicas("eu-west-1"), {}, []),
    "a witness": (
        {"GlobalTableWitnesses": [{"RegionName": "us-east-2", "WitnessStatus": "ACTIVE"}]},
        {},
        ["The source has a global table witness in us-east-2. The restored table does not."],
    ),
    "warm throughput": (
        warm(40_000, 4_000),
        warm(12_000, 4_000),
        ["The source's table has a warm throughput of 40000 read units per second. The restored one has 12000."],
    ),
    "lower warm throughput": (warm(12_000, 4_000), warm(40_000, 8_000), []),
    "warm throughput that only one shows": (warm(40_000, 4_000), {}, []),
    "an index's warm throughput": (
        {"GlobalSecondaryIndexes": [index("by-customer", **warm(12_000, 9_000)), index("by-day", **warm(1, 1))]},
        {"GlobalSecondaryIndexes": [index("by-customer", **warm(12_000, 4_000)), index("by-day", **warm(1, 1))]},
        [
            (
                "The source's index by-customer has a warm throughput of 9000 write units per second. "
                "The restored one has 4000."
            )
        ],
    ),
    "indexes that the restore left out": (
        {
            "GlobalSecondaryIndexes": [index("by-customer", **warm(1, 1)), index("by-day")],
            "LocalSecondaryIndexes": [index("by-price")],
            "VectorIndexes": [index("by-meaning")],
        },
        {"GlobalSecondaryIndexes": [index("by-day")]},
        [
            "The source has global secondary indexes that the restored table does not have: by-customer.",
            "The source has local secondary indexes that the restored table does not have: by-price.",
            "The source has vector indexes that the restored table does not have: by-meaning.",
        ],
    ),
    "another key": (
        sse(KEY),
        sse(OTHER_KEY),
        [f"The source is encrypted with the KMS key {KEY}. The restored table is encrypted with {OTHER_KEY}."],
    ),
    "no key": (
        sse(KEY),
        {},
        [f"The source is encrypted with the KMS key {KEY}. The restored table is encrypted with a key that AWS owns."],
    ),
    "the same key": (sse(KEY), sse(KEY), []),
    "a key that only the target has": ({}, sse(KEY), []),
}


@pytest.mark.parametrize(("source", "target", "expected"), CASES.values(), ids=CASES.keys())
def test_what_only_the_source_has_is_told(source, target, expected):
    assert found(source, target) == expected


def test_in_another_region_a_table_has_to_have_another_key():
    there = KEY.replace("eu-west-1", "us-east-1")
    assert found(sse(there), sse(KEY), "us-east-1") == []
    assert len(found(sse(there), {}, "us-east-1")) == 1


def test_nothing_is_told_of_equal_tables():
    table = replicas("us-east-1") | warm(40_000, 4_000) | sse(KEY) | {"GlobalSecondaryIndexes": [index("by-day")]}
    assert found(table, table) == []
