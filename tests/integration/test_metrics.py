"""The metrics that the function writes to its log."""

import math
from collections import Counter

from table_sync.settings import SETTINGS
from tests.support.embedded_metrics import embedded_metrics
from tests.support.tables import make_source, make_table, restore, wait_until_active

NAMES = {setting.NAME for setting in SETTINGS}
SERVICE = "dynamodb-pitr-table-sync"


def metrics(pipeline, first=0):
    """Return the sum of each metric, by name and status, of the invocations from a first one on."""
    sums = Counter()
    for invocation in pipeline.invocations[first:]:
        for line in invocation.log_records:
            for series, value in embedded_metrics(line):
                dimensions = dict(series.dimensions)
                assert (series.namespace, dimensions.pop("service")) == ("DynamoDBTableSync", SERVICE)
                assert dimensions.keys() <= {"status"}
                sums[series.name, dimensions.get("status")] += value
    return sums


def test_attempts_are_counted_by_outcome_and_restores_that_are_over_by_setting(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    found = metrics(pipeline)
    waiting = len(pipeline.attempts) - 1
    assert (found.pop(("Waiting", None)), found.pop(("InSync", None))) == (waiting, 1)
    last = pipeline.attempts[-1]["settings"]
    assert found == {(name, outcome["status"]): 1 for name, outcome in last.items()}
    assert {name for name, _ in found} == NAMES


def test_what_an_attempt_wrote_is_counted_though_a_later_one_ends_the_restore(aws, pipeline):
    make_source(aws)
    aws.delays.mapping = 120
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["settings"]["tags"] == {"status": "unchanged", "reason": "", "changes": []}
    found = metrics(pipeline)
    for name in ("tags", "triggers", "event_source_mapping_tags"):
        assert found[name, "applied"] == 1, name
    over = {(name, outcome["status"]) for name, outcome in pipeline.attempts[-1]["settings"].items()}
    assert {series: found[series] for series in over} == dict.fromkeys(over, 1)


def test_a_failed_restore_counts_the_settings_that_failed(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(300)
    aws.faults.add("TagResource", "AccessDeniedException", times=math.inf)
    pipeline.run()
    found = metrics(pipeline)
    assert found["Failed", None] == 1
    assert found["tags", "failed"] == 1
    assert found["ttl", "applied"] == 1
    assert found["ttl", "failed"] == 0


def test_a_message_that_can_neither_be_finished_nor_handed_back_is_counted(aws, pipeline):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.faults.add("ChangeMessageVisibility", "AccessDenied", times=1)
    pipeline.run()
    assert metrics(pipeline)["Unanswered", None] == 1
    assert pipeline.attempts[-1]["outcome"] == "in_sync"


def test_a_batch_takes_a_line_for_outcomes_and_one_a_status(aws, pipeline):
    make_source(aws)
    for target in ("first", "second", "third"):
        restore(aws, "orders", target)
    wait_until_active(aws, "third")
    aws.clock.advance(300)
    pipeline.run()
    assert metrics(pipeline)["InSync", None] == 3
    assert metrics(pipeline)["ttl", "applied"] == 3
    over = [invocation for invocation in pipeline.invocations if "in_sync" in str(invocation.log_records)]
    for invocation in over:
        lines = [line for line in invocation.log_records if "_aws" in line]
        statuses = {line["status"] for line in lines if "status" in line}
        assert len(lines) <= 2 + len(statuses)


def test_a_dry_run_that_finds_differences_counts_no_settings(aws, pipeline):
    make_source(aws)
    make_table(aws, "copy")
    report = pipeline.invoke(source_table="orders", target_table="copy", dry_run=True)
    assert report["outcome"] == "differs"
    assert metrics(pipeline) == {("Differs", None): 1}


def test_messages_that_are_no_restores_count_nothing(pipeline):
    pipeline.send("not JSON")
    pipeline.run()
    assert len(pipeline.quarantined) == 1
    assert metrics(pipeline) == {}
