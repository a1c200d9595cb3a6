"""One reconciliation, pass by pass."""

import dataclasses
import json
import math

import pytest

from table_sync import which_source
from table_sync.aws import Table, start_session
from table_sync.source import RecordSource
from table_sync.sync import Reconciliation
from table_sync.time_sharing import RESERVED_SECONDS
from table_sync.which_source import MOST_UNANSWERED, Records
from tests.settings import auto_scaling, contributor_insights, kinesis, stream, table_class, triggers, ttl
from tests.support.embedded_aws.transitions import Transition
from tests.support.module import make_alarm
from tests.support.recorder import BUCKET, make_bucket, record_table
from tests.support.tables import INDEXES, index_of, make_table, restore, wait_until_active

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


def reasons(reconciliation):
    return {name: one.reason for name, one in reconciliation.report.settings.items()}


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
    for name, reason in unreadable.items():
        assert (
            reasons(reconciliation)[name] == f"the value is older than the record, which could not read it ({reason})"
        )
    assert reasons(reconciliation)["tags"] == ""


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


def stream_to(aws, table, name):
    """Have DynamoDB try to stream to a Kinesis stream that may not exist."""
    arn = f"arn:aws:kinesis:eu-west-1:123456789012:stream/{name}"
    aws.client("dynamodb").enable_kinesis_streaming_destination(TableName=table, StreamArn=arn)
    aws.clock.advance(60)


def test_what_is_known_of_both_tables_is_not_asked_again_in_another_pass(aws, source, target):
    stream_to(aws, "orders", "missing")
    kinesis.give(aws, "orders")
    aws.clock.advance(60)
    aws.faults.add("EnableKinesisStreamingDestination", "ResourceInUseException")
    reconciliation = reconcile(source, target, "kinesis")
    aws.calls.clear()
    reconciliation.run_pass()
    reads = ["DescribeStreamSummary", "DescribeKinesisStreamingDestination"]
    first = [len(aws.calls_of(read)) for read in reads]
    reconciliation.run_pass()
    assert first[0] == 1
    # Of the target's destination, to which the refusal may be due.
    assert [len(aws.calls_of(read)) for read in reads] == [first[0], first[1] + 1]
    assert statuses(reconciliation) == {"kinesis": "pending"}
    described = len(aws.calls_of("DescribeTable"))
    aws.clock.advance(60)
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"kinesis": "applied"}
    assert len(aws.calls_of("DescribeTable")) == described


def test_a_target_that_was_updated_is_described_in_another_pass(aws, source, target):
    table_class.give(aws, "orders")
    reconciliation = reconcile(source, target, "table_class")
    aws.calls.clear()
    for status in ("pending", "applied"):
        reconciliation.run_pass()
        assert statuses(reconciliation) == {"table_class": status}
        wait_until_active(aws, "orders-restored")
    assert len(aws.calls_of("UpdateTable")) == 1


@pytest.fixture
def another_view(aws, source, target):  # noqa: ARG001 (it is there)
    """Give the source a stream, triggers and a policy, and the target a stream that is another."""
    stream.give(aws, "orders")
    triggers.give(aws, "orders")
    update(aws)
    wait_until_active(aws, "orders-restored")
    policy = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DeleteTable", "Resource": source}
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    aws.client("dynamodb").put_resource_policy(ResourceArn=source, Policy=document)
    aws.clock.advance(60)  # it is read with a delay


@pytest.mark.usefixtures("another_view")
def test_what_lives_on_a_setting_that_has_failed_is_skipped_unless_a_part_does_without(source, target):
    reconciliation = reconcile(source, target, "stream", "triggers", "resource_policy")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"stream": "failed", "resource_policy": "applied"}
    assert reasons(reconciliation)["triggers"] == "stream has failed"


def test_what_lives_on_something_that_the_target_does_not_have_is_skipped(aws, source, target):
    stream.give(aws, "orders")
    triggers.give(aws, "orders")
    reconciliation = reconcile(source, target, "triggers")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {}
    assert reasons(reconciliation)["triggers"] == "the target has no stream"


def set_alarm(aws, name, metric, **dimensions):
    make_alarm(aws, name, "AWS/DynamoDB", metric, {"TableName": "orders", **dimensions})


@pytest.mark.parametrize(
    ("names", "code", "status", "reason"),
    [
        ({"kinesis"}, "ThrottlingException", "pending", "kinesis is pending: alarm lost changes is left out"),
        ({"kinesis"}, "AccessDeniedException", "skipped", "kinesis has failed: alarm lost changes is left out"),
        (set(), "", "skipped", "kinesis is skipped: alarm lost changes is left out"),
    ],
)
def test_a_write_without_effect_is_left_out(aws, source, target, names, code, status, reason):  # noqa: PLR0913, PLR0917
    kinesis.give(aws, "orders")
    set_alarm(aws, "lost changes", "FailedToReplicateRecordCount", DelegatedOperation="KinesisDataStreams")
    aws.faults.add("EnableKinesisStreamingDestination", code, "no")
    reconciliation = reconcile(source, target, "alarms", *names)
    reconciliation.run_pass()
    of_alarms = reconciliation.report.settings["alarms"]
    assert (of_alarms.status, of_alarms.reason) == (status, reason)


def set_alarms(aws, count):
    for number in range(count):
        set_alarm(aws, f"orders-{number}", "SystemErrors", Operation=f"GetItem{number}")


@pytest.mark.parametrize(("refused", "soon"), [("orders-restored-0", False), ("orders-restored-1", True)])
def test_many_writes_go_on_in_another_pass_if_one_is_throttled_after_others(aws, source, target, refused, soon):
    set_alarms(aws, 13)
    aws.faults.add("PutMetricAlarm", "Throttling", times=2, when=lambda call: call.parameters["AlarmName"] == refused)
    reconciliation = reconcile(source, target, "alarms")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"alarms": "pending"}
    assert reconciliation.not_ready is soon
    if soon:
        reconciliation.run_pass()
        assert statuses(reconciliation) == {"alarms": "applied"}


def test_a_write_that_is_refused_for_good_keeps_no_other_from_being_made(aws, source, target):
    set_alarms(aws, 3)
    aws.faults.add("PutMetricAlarm", "AccessDenied", when=lambda call: call.parameters["AlarmName"].endswith("0"))
    reconciliation = reconcile(source, target, "alarms")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"alarms": "failed"}
    made = [call.parameters["AlarmName"] for call in aws.calls_of("PutMetricAlarm") if not call.error]
    assert made[-2:] == ["orders-restored-1", "orders-restored-2"]


def test_a_setting_sees_what_the_one_that_it_needs_has_just_made(aws, source, target):
    auto_scaling.give(aws, "orders", index=None)
    reconciliation = reconcile(source, target, "auto_scaling", "scalable_target_tags")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"auto_scaling": "applied", "scalable_target_tags": "applied"}


def test_only_the_change_that_refers_to_what_is_missing_is_left_out(source, target):
    wanted = reconcile(source, target, "tags", dry_run=True)
    wanted.run_pass()
    (change,) = wanted.report.settings["tags"].changes
    other = dataclasses.replace(change, parameters={"Tags": []})
    for left_out, status in ((change, "unchanged"), (other, "applied")):
        reconciliation = reconcile(source, target, "tags", left_out={"tags": [(left_out, "it is gone")]})
        reconciliation.run_pass()
        assert statuses(reconciliation) == {"tags": status}
        assert (reasons(reconciliation)["tags"] == "it is gone") is (status == "unchanged")


def test_only_what_awaits_a_change_that_is_left_out_is_left_out_with_it(aws, source, target):
    stream.give(aws, "orders")
    triggers.give(aws, "orders")
    lambda_ = aws.client("lambda")
    for mapping in lambda_.list_event_source_mappings()["EventSourceMappings"]:
        lambda_.tag_resource(Resource=mapping["EventSourceMappingArn"], Tags={"of": mapping["FunctionArn"]})
    names = "stream", "triggers", "event_source_mapping_tags"

    def planned(**options):
        reconciliation = reconcile(source, target, *names, dry_run=True, **options)
        reconciliation.run_pass()
        settings = reconciliation.report.settings
        return [settings[name].changes for name in names[1:]], settings["event_source_mapping_tags"].reason

    (mappings, tags), _ = planned()
    assert (len(mappings), len(tags)) == (2, 2)
    left_out = {"triggers": [(mappings[0], "its function is gone")]}
    assert planned(left_out=left_out)[0] == [mappings[1:], tags[1:]]
    assert "its function is gone" in planned(left_out=left_out)[1]


def test_a_destination_that_failed_before_the_restore_is_processed_is_enabled_again(aws, source, target):
    stream_to(aws, "orders-restored", "changes")
    kinesis.give(aws, "orders")
    aws.clock.advance(60)
    aws.calls.clear()
    reconciliation = reconcile(source, target, "kinesis")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"kinesis": "pending"}
    (call,) = aws.calls_of("EnableKinesisStreamingDestination")
    assert call.error is None


def test_a_part_that_is_refused_for_good_keeps_no_other_from_being_made(aws, source, target):
    auto_scaling.give(aws, "orders", index=None)
    refused = "dynamodb:table:ReadCapacityUnits"
    aws.faults.add(
        "RegisterScalableTarget",
        "AccessDeniedException",
        "no",
        when=lambda call: call.parameters["ScalableDimension"] == refused,
    )
    aws.calls.clear()
    reconciliation = reconcile(source, target, "auto_scaling")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"auto_scaling": "failed"}
    source_has = aws.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="dynamodb")
    scaled = {
        policy["ScalableDimension"]
        for policy in source_has["ScalingPolicies"]
        if policy["ResourceId"].partition("/")[2].startswith("orders")
    }
    made = {call.parameters["ScalableDimension"] for call in aws.calls_of("PutScalingPolicy")}
    assert refused in scaled
    assert made == scaled - {refused} != set()


def test_writes_for_which_no_time_is_left_are_counted_and_made_in_another_pass(aws, source, target):
    auto_scaling.give(aws, "orders", index=None)
    aws.calls.clear()
    reconciliation = reconcile(source, target, "auto_scaling")
    writes = ["RegisterScalableTarget"] * 2 + ["PutScalingPolicy"] * 2 + ["PutScheduledAction"] * 2
    for done in (1, 3):
        reconciliation.run_pass(lambda done=done: 100 if sum(map(len, map(aws.calls_of, set(writes)))) < done else 0)
        reason = f"{len(writes) - done} of {len(writes)} writes are left for the next attempt"
        assert reasons(reconciliation)["auto_scaling"] == reason
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"auto_scaling": "applied"}
    assert [call.operation for call in aws.calls if call.operation in writes] == writes


def test_what_aws_has_done_at_once_is_not_waited_for(aws, source, target):
    aws.delays.contributor_insights = aws.delays.kinesis = 0
    aws.client("dynamodb").update_contributor_insights(TableName="orders", ContributorInsightsAction="ENABLE")
    kinesis.give(aws, "orders")
    reconciliation = reconcile(source, target, "contributor_insights", "kinesis")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"contributor_insights": "applied", "kinesis": "applied"}
    assert not reconciliation.not_ready


def test_what_aws_has_given_up_on_is_not_tried_again_and_keeps_no_other_from_being_made(aws):
    source = make_table(aws, "customers")
    contributor_insights.give(aws, "customers")
    target = restore(aws, source, "customers-restored")
    wait_until_active(aws, "customers-restored")
    reconciliation = reconcile(source, target, "contributor_insights")
    reconciliation.run_pass()
    assert statuses(reconciliation) == {"contributor_insights": "pending"}
    insights = aws.dynamodb.find(target).insights
    insights[None].status, insights[INDEXES[0]].status = Transition("FAILED"), Transition("DISABLED")
    aws.calls.clear()
    reconciliation.run_pass()
    assert "Contributor Insights of the target are FAILED" in reasons(reconciliation)["contributor_insights"]
    assert [call.parameters.get("IndexName") for call in aws.calls_of("UpdateContributorInsights")] == [INDEXES[0]]
