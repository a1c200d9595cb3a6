"""One reconciliation, pass by pass."""

import dataclasses
import math

import pytest

from table_sync import which_source
from table_sync.aws import Table, start_session
from table_sync.source import RecordSource
from table_sync.sync import Reconciliation
from table_sync.time_sharing import RESERVED_SECONDS
from table_sync.which_source import MOST_UNANSWERED, Records
from tests.settings import table_class, ttl
from tests.support.recorder import BUCKET, make_bucket, record_table
from tests.support.tables import index_of, make_table, restore, wait_until_active

UNITS = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}


@pytest.fixture
def source(aws):
    start_session()
    arn = make_table(aws, "orders", indexes=())
    aws.client("dynamodb").tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "payments"}])
    ttl.give(aws, "orders")
    return arn


@pytest.fixture
def target(aws, source):
    arn = restore(aws, source, "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(10)
    aws.calls.clear()
    return arn


def reconcile(source, target, *names, **options):
    return Reconciliation(Table(source), Table(target), set(names), **options)


def statuses(reconciliation):
    return {name: one.status for name, one in reconciliation.report.settings.items() if one.status != "skipped"}


def test_what_no_setting_copies_is_told_of_a_table_that_is_there(aws, source, target):
    aws.client("dynamodb").update_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "by_day", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index_of("by_day", UNITS)}],
    )
    reconciliation = reconcile(source, target, "tags")
    assert reconciliation.report.not_copied == ()
    reconciliation.run_pass()
    (sentence,) = reconciliation.report.not_copied
    assert sentence.endswith("that the restored table does not have: by_day.")


def test_a_setting_whose_time_is_up_is_unfinished_until_another_pass_continues_it(aws, source, target):
    reconciliation = reconcile(source, target, "tags", "ttl")
    reconciliation.run_pass(lambda: 100 if len(aws.calls_of("DescribeTimeToLive")) < 1 else 0)
    assert statuses(reconciliation) == {"tags": "applied", "ttl": "pending"}
    assert "raise the timeout" in reconciliation.report.settings["ttl"].reason
    assert (reconciliation.unfinished, reconciliation.not_ready) == (True, True)
    aws.calls.clear()
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"tags": "applied", "ttl": "applied"}
    assert (reconciliation.unfinished, reconciliation.not_ready) == (False, False)
    assert aws.calls_of("ListTagsOfResource") == []


def test_a_setting_for_which_no_time_is_left_is_not_begun(aws, source, target):
    reconciliation = reconcile(source, target, "ttl")
    reconciliation.run_pass(lambda: RESERVED_SECONDS)
    assert aws.calls_of("DescribeTimeToLive") == []
    assert statuses(reconciliation) == {"ttl": "pending"}
    assert (reconciliation.unfinished, reconciliation.not_ready) == (False, True)


def update(aws):
    """Have DynamoDB update the restored table."""
    specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    aws.client("dynamodb").update_table(TableName="orders-restored", StreamSpecification=specification)


def test_a_target_that_was_updating_is_described_again(aws, source, target):
    table_class.give(aws, "orders")
    update(aws)
    reconciliation = reconcile(source, target, "table_class")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"table_class": "pending"}
    assert reconciliation.not_ready
    wait_until_active(aws, "orders-restored")
    reconciliation.run_pass()
    assert aws.calls_of("UpdateTable")[-1].parameters["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_a_dry_run_is_over_after_one_pass(aws, source, target):
    table_class.give(aws, "orders")
    update(aws)
    reconciliation = reconcile(source, target, "table_class", dry_run=True)
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"table_class": "pending"}
    assert not reconciliation.not_ready


def test_a_target_that_is_being_made_is_left_to_another_attempt(aws, source):
    reconciliation = reconcile(source, restore(aws, source, "orders-restored"), "tags")
    reconciliation.run_pass()
    assert reconciliation.report.outcome == "waiting"
    assert reconciliation.report.reason == "the target is CREATING"
    assert not reconciliation.not_ready


@pytest.mark.parametrize(
    ("options", "ends"), [({}, ["failed"]), ({"passes_to_find_target": 3}, ["waiting", "waiting", "failed"])]
)
def test_a_target_that_is_not_found_counts_as_deleted_after_some_passes(source, options, ends):
    reconciliation = reconcile(source, f"{source}-restored", "tags", **options)
    for end in ends:
        assert reconciliation.report.outcome == "waiting"
        reconciliation.run_pass()
        assert reconciliation.report.outcome == end
        assert reconciliation.not_ready is (end == "waiting")


def test_a_target_that_is_never_given_up_is_left_to_another_attempt(source):
    reconciliation = reconcile(source, f"{source}-restored", "tags", passes_to_find_target=math.inf)
    reconciliation.run_pass()
    assert (reconciliation.report.outcome, reconciliation.not_ready) == ("waiting", False)


def test_a_target_that_is_updating_gets_what_takes_no_update_of_the_table(aws, source, target):
    update(aws)
    assert aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["TableStatus"] == "UPDATING"
    reconciliation = reconcile(source, target, "tags")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"tags": "applied"}


@pytest.mark.parametrize("operation", ["DescribeTimeToLive", "UpdateTimeToLive"])
@pytest.mark.parametrize(("code", "soon"), [("ResourceInUseException", True), ("ThrottlingException", False)])
def test_what_is_refused_for_seconds_is_tried_in_another_pass(aws, source, target, operation, code, soon):  # noqa: PLR0913, PLR0917
    aws.faults.add(operation, code, "not now", times=2)
    reconciliation = reconcile(source, target, "ttl")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"ttl": "pending"}
    assert reconciliation.not_ready is soon


def test_what_the_source_does_not_have_is_not_read_of_the_target(aws, source, target):
    reconciliation = reconcile(source, target, "kinesis")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"kinesis": "unchanged"}
    (call,) = aws.calls_of("DescribeKinesisStreamingDestination")
    assert call.parameters["TableName"] in {source, "orders"}


def test_a_source_that_is_younger_than_the_target_is_taken_unless_that_is_forbidden(aws, source):
    aws.clock.advance(3600)
    younger = make_table(aws, "younger", indexes=())
    aws.clock.advance(10)
    for options, outcome in (({}, "in_sync"), ({"allow_younger_source": False}, "failed")):
        reconciliation = reconcile(younger, source, "tags", **options)
        reconciliation.run_pass()
        assert reconciliation.report.outcome == outcome


def test_what_is_to_be_known_of_a_recorded_value_is_said_of_one_that_the_table_had_and_of_one_that_it_had_not(
    aws, source, target
):
    make_bucket(aws)
    unreadable = {"ttl": "throttled", "kinesis": "denied"}
    record = dataclasses.replace(record_table(), unreadable=unreadable)
    records = Records(given=RecordSource(record, "It was deleted."))
    reconciliation = reconcile(source, target, "ttl", "kinesis", "tags", records=records)
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"ttl": "applied", "kinesis": "unchanged", "tags": "applied"}
    reasons = {name: one.reason for name, one in reconciliation.report.settings.items()}
    for name, reason in unreadable.items():
        assert reasons[name] == f"the value is older than the record, which could not read it ({reason})"
    assert reasons["tags"] == ""


def test_an_attempt_that_did_not_need_the_source_is_not_one_that_its_region_left_unanswered(aws, monkeypatch):
    monkeypatch.setattr(which_source, "_last_answers", {})
    make_bucket(aws)
    source = make_table(aws, "orders", indexes=(), region="us-east-1")
    target = make_table(aws, "orders-restored", indexes=())
    aws.faults.add("DescribeTable", "ReadTimeout", times=math.inf, when=lambda call: call.region == "us-east-1")

    def looks_for_a_record(attempt):
        aws.calls.clear()
        options = {"records": Records(BUCKET, "eu-west-1"), "attempt": attempt, "passes_to_find_target": math.inf}
        reconciliation = reconcile(source, target, "tags", **options)
        reconciliation.run_pass()
        assert reconciliation.report.outcome == "waiting"
        return bool(aws.calls_of("ListObjectVersions"))

    waited = 3
    assert not any(looks_for_a_record(attempt) for attempt in range(1, waited))
    gone = aws.faults.add("DescribeTable", "ResourceNotFoundException", when=lambda call: call.region == "eu-west-1")
    assert not looks_for_a_record(waited)
    assert gone.met
    last = waited + MOST_UNANSWERED
    assert [attempt for attempt in range(waited + 1, last + 1) if looks_for_a_record(attempt)] == [last]
