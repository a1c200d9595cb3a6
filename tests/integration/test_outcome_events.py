"""The event that tells how a restore ended, and what becomes of the message when it cannot be sent."""

import json
import math

import pytest

from table_sync.queue import outcome_events
from table_sync.report import FAILED, IN_SYNC, WAITING, Outcome, Report
from table_sync.settings.setting import Change, Status
from tests.support.outcomes import Listener
from tests.support.restore_events import arn, point_in_time
from tests.support.tables import make_source, make_table, restore


@pytest.fixture
def listener(aws):
    return Listener(aws)


def sent(pipeline):
    """Return the calls that sent events, those that failed included."""
    return [call for call in pipeline.calls() if call.operation == "PutEvents"]


def test_a_restore_that_is_in_sync_is_told_once_with_its_report(aws, pipeline, listener):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert len(pipeline.attempts) > 1
    (event,) = listener.take()
    assert event["resources"] == [arn("orders-restored"), arn("orders")]
    last = pipeline.attempts[-1]
    keys = ("source", "target", "outcome", "settings", "settings_from", "not_copied")
    assert event["detail"] == {key: last[key] for key in keys}
    assert event["detail"]["settings_from"] == {"kind": "live"}
    assert event["detail"]["outcome"] == "in_sync"
    assert len(sent(pipeline)) == 1


def test_a_restore_that_failed_is_told_with_the_reason(aws, pipeline, listener):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.faults.add("TagResource", "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    (event,) = listener.take()
    assert event["detail"]["outcome"] == "failed"
    (message,) = pipeline.quarantined
    assert event["detail"]["reason"] == message["reason"]
    assert "TagResource: AccessDeniedException" in message["reason"]


def test_a_restore_whose_attempts_are_used_up_has_failed(aws, deploy, listener):
    pipeline = deploy(max_attempts=5, MAX_ATTEMPTS="5")
    make_table(aws, "orders")
    aws.restore_seconds = 1e6
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert [attempt["outcome"] for attempt in pipeline.attempts] == ["waiting"] * 4 + ["failed"]
    (message,) = pipeline.quarantined
    assert message["reason"] == "gave up after 5 attempts: the target is CREATING"
    (event,) = listener.take()
    assert (event["detail"]["outcome"], event["detail"]["reason"]) == ("failed", message["reason"])


def test_restores_of_one_batch_are_told_in_one_call(aws, pipeline, listener):
    make_source(aws)
    targets = ["first", "second", "third"]
    for target in targets:
        restore(aws, "orders", target)
    aws.clock.advance(400)
    pipeline.run()
    assert sorted(event["detail"]["target"] for event in listener.take()) == sorted(map(arn, targets))
    assert len(sent(pipeline)) == 1


def test_what_is_no_restore_or_no_table_or_done_by_hand_is_not_told(aws, pipeline, listener):
    make_table(aws, "orders")
    pipeline.send("not JSON")
    pipeline.send(json.dumps(point_in_time(errorCode="TableAlreadyExistsException")))
    pipeline.send(json.dumps(point_in_time(target="awsbackup-restore-test-1")))
    pipeline.run()
    pipeline.invoke(source_table="orders", target_table="missing")
    assert listener.take() == []
    assert sent(pipeline) == []


def test_a_second_delivery_is_told_again(aws, pipeline, listener):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.send(pipeline.invocations[0].event["Records"][0]["body"])
    pipeline.run()
    assert [event["detail"]["outcome"] for event in listener.take()] == ["in_sync", "in_sync"]


def test_the_events_go_to_the_bus_that_is_named(aws, deploy, listener):
    bus = aws.client("events").create_event_bus(Name="restores")["EventBusArn"]
    pipeline = deploy(EVENT_BUS_ARN=bus)
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    (call,) = sent(pipeline)
    assert call.parameters["Entries"][0]["EventBusName"] == bus
    assert listener.take() == []


def test_with_the_toggle_off_nothing_is_sent(aws, deploy, listener):
    pipeline = deploy(ENABLE_OUTCOME_EVENTS="false")
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert listener.take() == []
    assert sent(pipeline) == []


def test_an_event_that_cannot_be_sent_for_a_while_is_sent_later(aws, pipeline, listener):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    # The SDK tries twice in an attempt.
    fault = aws.faults.add("PutEvents", "ThrottlingException", "Rate exceeded", times=4)
    pipeline.run()
    assert len(fault.met) == 4
    (event,) = listener.take()
    assert event["detail"]["outcome"] == "in_sync"
    outcomes = [attempt["outcome"] for attempt in pipeline.attempts if attempt["outcome"] != "waiting"]
    assert outcomes == ["in_sync"] * 3
    assert all("next_attempt_seconds" in attempt for attempt in pipeline.attempts[:-1])
    assert [line["reason"] for line in pipeline.log if line.get("message") == "The outcome event was not sent"] == [
        "PutEvents: ThrottlingException: Rate exceeded"
    ] * 2
    assert pipeline.quarantined == []


def test_an_event_that_can_never_be_sent_leaves_the_message_in_the_dlq(aws, pipeline, listener):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    denial = aws.faults.add("PutEvents", "AccessDeniedException", "not authorized", times=math.inf)
    pipeline.run()
    pipeline.assert_in_sync("orders", "orders-restored")
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    (message,) = pipeline.quarantined
    assert message["reason"] == (
        "the outcome event (in_sync) was not sent: PutEvents: AccessDeniedException: not authorized"
    )
    assert listener.take() == []
    denial.times = 0
    writes = len(pipeline.writes())
    pipeline.send(message["body"])
    pipeline.run()
    assert [event["detail"]["outcome"] for event in listener.take()] == ["in_sync"]
    assert len(pipeline.writes()) == writes


def test_a_failure_whose_event_is_refused_for_good_is_in_the_dlq_at_once_with_both_reasons(aws, pipeline, listener):
    make_table(aws, "orders")
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    aws.client("dynamodb").delete_table(TableName="orders")
    aws.clock.advance(60)
    aws.faults.add("PutEvents", "AccessDeniedException", "on purpose", times=math.inf)
    pipeline.run()
    assert len(pipeline.attempts) == 1
    (message,) = pipeline.quarantined
    assert "orders was not found" in message["reason"]
    assert "the outcome event (failed) was not sent: PutEvents: AccessDeniedException: on purpose" in message["reason"]
    assert listener.take() == []


def restore_without_ttl(aws):
    """Restore a table whose TTL is refused for good, so that the restore fails; return the fault."""
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    return aws.faults.add("UpdateTimeToLive", "AccessDeniedException", "not authorized", times=math.inf)


def test_the_event_of_a_failure_is_sent_before_its_message_is_in_the_dlq(aws, pipeline, listener):
    refused = restore_without_ttl(aws)
    # The SDK tries twice in an attempt.
    throttled = aws.faults.add("PutEvents", "ThrottlingException", "Rate exceeded", times=4)
    pipeline.run()
    assert len(throttled.met) == 4
    assert [attempt["outcome"] for attempt in pipeline.attempts][-3:] == ["failed"] * 3
    assert ["next_attempt_seconds" in attempt for attempt in pipeline.attempts][-3:] == [True, True, False]
    (event,) = listener.take()
    (message,) = pipeline.quarantined
    assert (event["detail"]["outcome"], event["detail"]["reason"]) == ("failed", message["reason"])
    assert message["reason"] == "ttl: UpdateTimeToLive: AccessDeniedException: not authorized"
    ends = [call for call in pipeline.calls() if call.operation in {"PutEvents", "SendMessage"}]
    assert [call.operation for call in ends] == ["PutEvents"] * (len(ends) - 1) + ["SendMessage"]
    # What the first attempt wrote is not written again.
    operations = [call.operation for call in pipeline.calls()]
    assert operations.count("UpdateContinuousBackups") == 1
    assert len(refused.met) == 3


def test_a_failure_whose_event_is_never_sent_ends_in_the_dlq_with_both_reasons(aws, deploy, listener):
    pipeline = deploy(max_attempts=6, MAX_ATTEMPTS="6")
    restore_without_ttl(aws)
    aws.faults.add("PutEvents", "ThrottlingException", "Rate exceeded", times=math.inf)
    pipeline.run()
    assert len(pipeline.attempts) == 6
    (message,) = pipeline.quarantined
    assert message["reason"] == (
        "ttl: UpdateTimeToLive: AccessDeniedException: not authorized; "
        "the outcome event (failed) was not sent: PutEvents: ThrottlingException: Rate exceeded"
    )
    assert listener.take() == []


def test_a_failure_that_heals_before_its_event_is_sent_is_in_sync(aws, pipeline, listener):
    refused = restore_without_ttl(aws)
    refused.times = 1
    aws.faults.add("PutEvents", "ThrottlingException", "Rate exceeded", times=2)
    pipeline.run()
    assert [attempt["outcome"] for attempt in pipeline.attempts][-2:] == ["failed", "in_sync"]
    assert [event["detail"]["outcome"] for event in listener.take()] == ["in_sync"]
    assert pipeline.quarantined == []


def test_a_failure_that_the_dlq_does_not_take_is_announced_again(aws, pipeline, listener):
    restore_without_ttl(aws)
    aws.faults.add("SendMessage", "ThrottlingException", "Rate exceeded", times=2)
    pipeline.run()
    events = [event["detail"] for event in listener.take()]
    (message,) = pipeline.quarantined
    assert [(detail["outcome"], detail["reason"]) for detail in events] == [("failed", message["reason"])] * 2


@pytest.mark.parametrize("denied", [False, True], ids=["in sync", "failed"])
def test_an_event_for_a_bus_that_is_gone_is_accepted_and_lost(aws, deploy, denied):
    # EventBridge answers such a call with an EventId and a FailedEntryCount of 0 (recorded from AWS).
    events = aws.client("events")
    bus = events.create_event_bus(Name="restores")["EventBusArn"]
    pipeline = deploy(EVENT_BUS_ARN=bus)
    events.delete_event_bus(Name="restores")
    restore_without_ttl(aws).times = math.inf if denied else 0
    pipeline.run()
    assert len(sent(pipeline)) == 1
    assert pipeline.attempts[-1]["outcome"] == ("failed" if denied else "in_sync")
    assert [message["reason"] for message in pipeline.quarantined] == (
        ["ttl: UpdateTimeToLive: AccessDeniedException: not authorized"] if denied else []
    )


def test_an_entry_that_alone_is_refused_is_sent_later(aws, pipeline, listener, monkeypatch):
    make_source(aws)
    for target in ("first", "second"):
        restore(aws, "orders", target)
    aws.clock.advance(400)
    refused = []
    put = type(aws.events)._put_entry  # noqa: SLF001 (the one place where an entry may be refused)

    def refuse_second_once(events, region, entry):
        if not refused and arn("second") in entry["Resources"]:
            refused.append(entry)
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "on purpose"}
        return put(events, region, entry)

    monkeypatch.setattr(type(aws.events), "_put_entry", refuse_second_once)
    pipeline.run()
    assert refused
    assert sorted(event["detail"]["target"] for event in listener.take()) == [arn("first"), arn("second")]
    assert [len(call.parameters["Entries"]) for call in sent(pipeline)] == [2, 1]


def test_an_event_that_is_never_sent_ends_with_the_attempts(aws, deploy):
    pipeline = deploy(max_attempts=6, MAX_ATTEMPTS="6")
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    aws.faults.add("PutEvents", "ThrottlingException", "Rate exceeded", times=math.inf)
    pipeline.run()
    assert len(pipeline.attempts) == 6
    (message,) = pipeline.quarantined
    assert message["reason"].startswith("the outcome event (in_sync) was not sent: PutEvents: ThrottlingException")


def report(target="orders-restored", *, changes=1, reason="", status=Status.FAILED):
    change = Change("UpdateTable", {"TableName": target, "Text": "x" * 1000})
    settings = {f"setting-{number}": Outcome(status, reason, (change,) * changes) for number in range(20)}
    return Report(arn("orders"), arn(target), settings)


def put(aws, *reports):
    """Send reports under another client than the function's; return the errors and the entries that were sent."""
    errors = outcome_events.put(reports, "eu-west-1")
    calls = [call for call in aws.calls if call.operation == "PutEvents"]
    return errors, [call.parameters["Entries"] for call in calls]


def test_a_report_that_is_too_large_goes_without_its_changes(aws, listener):
    errors, _ = put(aws, report(changes=20, reason="\N{GRINNING FACE}" * 9000))
    assert errors == [None]
    (event,) = listener.take()
    detail = event["detail"]
    assert len(json.dumps(event)) < 256 * 1024
    assert detail["shortened"] is True
    assert (detail["outcome"], len(detail["settings"])) == (FAILED, 20)
    assert {setting["status"] for setting in detail["settings"].values()} == {"failed"}
    assert {tuple(setting["changes"]) for setting in detail["settings"].values()} == {()}
    assert all(setting["reason"].startswith("\N{GRINNING FACE}") for setting in detail["settings"].values())


def test_reports_that_are_too_large_together_take_more_calls(aws, listener):
    errors, calls = put(aws, *(report(f"target-{number}", changes=5) for number in range(10)))
    assert errors == [None] * 10
    assert len(calls) == 5
    events = listener.take()
    assert len(events) == 10
    assert not any("shortened" in event["detail"] for event in events)


@pytest.mark.parametrize(("status", "outcome"), [(Status.APPLIED, IN_SYNC), (Status.FAILED, FAILED)])
def test_the_detail_is_the_report(aws, listener, status, outcome):
    given = report(status=status)
    put(aws, given)
    (event,) = listener.take()
    assert event["detail"] == given.as_dict()
    assert event["detail"]["outcome"] == outcome != WAITING
