"""Restores that EventBridge does not report are found in CloudTrail's event history, and none is processed twice."""

import json
import math
from collections import Counter
from datetime import timedelta

import pytest

from table_sync.command_line.cli import main
from table_sync.records import unwritten
from tests.support.outcomes import Listener
from tests.support.restore_events import arn, aws_backup, point_in_time
from tests.support.restore_history import BUCKET, FIVE_MINUTES, RECORDER, RecordedPipeline, handle
from tests.support.tables import TAGS, make_table, restore

AN_HOUR, A_DAY = 3600, 24 * 3600


class Crash(BaseException):
    """The end of the runtime process: nothing in the function may catch it."""


def crash(_):
    raise Crash


def crashing(event, context):
    """Run the function; a crash is what it is to Lambda: an invocation that has no answer."""
    try:
        return handle(event, context)
    except Crash as crash:
        raise RuntimeError("Runtime exited with error: signal: killed") from crash


THROTTLED_FOR_GOOD = {"error_code": "ThrottlingException", "message": "Rate exceeded", "times": math.inf}


@pytest.fixture
def deploy(aws):
    pipelines = []

    def deploy(**options):
        pipelines.append(RecordedPipeline(aws, **options).__enter__())
        return pipelines[-1]

    yield deploy
    for pipeline in pipelines:
        pipeline.__exit__()


@pytest.fixture
def pipeline(deploy):
    return deploy()


@pytest.fixture
def listener(aws):
    return Listener(aws)


def make_source_table(aws):
    """Make a table with tags."""
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    aws.client("dynamodb").tag_resource(ResourceArn=make_table(aws, "orders", indexes=(), items=0), Tags=tags)


def announced(listener):
    """Return the names of the tables whose outcome was announced, and how often."""
    return Counter(event["detail"]["target"].rpartition("/")[2] for event in listener.take())


def targets_in_sync(pipeline):
    """Return the names of the tables of attempts that ended in sync, and how many there were."""
    return Counter(
        attempt["target"].rpartition("/")[2] for attempt in pipeline.attempts if attempt["outcome"] == "in_sync"
    )


def restore_event(aws, target="orders-restored"):
    """Return the record of the call that restored a table."""
    (record,) = [
        record
        for _, record in aws.cloudtrail.history
        if (record["requestParameters"] or {}).get("targetTableName") == target
    ]
    return record


class TestWithoutTrail:
    def test_a_restore_is_found_and_processed_once(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        pipeline.run_on_schedule(queries=15)
        assert announced(listener) == {"orders-restored": 1}
        assert targets_in_sync(pipeline) == {"orders-restored": 1}
        pipeline.assert_in_sync("orders", "orders-restored")

    def test_a_restore_from_a_backup_is_found(self, aws, pipeline, listener):
        make_source_table(aws)
        backup = aws.client("dynamodb").create_backup(TableName="orders", BackupName="daily")["BackupDetails"]
        aws.clock.advance(60)
        aws.cloudtrail.trail = False
        aws.client("dynamodb").restore_table_from_backup(TargetTableName="copy", BackupArn=backup["BackupArn"])
        pipeline.run_on_schedule()
        assert announced(listener) == {"copy": 1}

    def test_events_that_are_late_out_of_order_and_listed_twice(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.trail = False
        late = {"first": 50 * 60, "second": 60, "third": 20 * 60}
        aws.cloudtrail.seconds_until_listed = lambda record: late.get(
            (record["requestParameters"] or {}).get("targetTableName"), 0
        )
        aws.cloudtrail.times_listed = lambda _: 2
        for target in late:
            restore(aws, "orders", target)
        pipeline.run_on_schedule(queries=14)
        assert announced(listener) == dict.fromkeys(late, 1)

    def test_after_a_day_without_queries_the_next_one_finds_what_was_missed(self, aws, pipeline, listener):
        make_source_table(aws)
        pipeline.look_up()
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(A_DAY)
        pipeline.run_on_schedule(queries=1)
        assert announced(listener) == {"orders-restored": 1}

    def test_so_does_the_query_after_a_day_in_which_each_failed(self, aws, pipeline, listener):
        make_source_table(aws)
        pipeline.look_up()
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        fault = aws.faults.add("LookupEvents", "AccessDeniedException", "not authorized", times=math.inf)
        for _ in range(24):
            assert pipeline.look_up().response == {"sent": 0, "complete": False}
            aws.clock.advance(AN_HOUR)
        assert len(fault.met) == 24
        aws.faults.clear()
        pipeline.run_on_schedule(queries=1)
        assert announced(listener) == {"orders-restored": 1}

    def test_a_restore_that_cannot_be_sent_is_sent_by_the_next_query(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(FIVE_MINUTES)
        aws.faults.add("SendMessage", "AccessDenied", "not authorized")
        assert pipeline.look_up().response == {"sent": 0, "complete": False}
        assert pipeline.look_up().response == {"sent": 1, "complete": True}
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}


class TestWithTrail:
    def test_what_eventbridge_reports_first_is_not_sent_again(self, aws, pipeline, listener):
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        pipeline.run()
        aws.clock.advance(FIVE_MINUTES)
        assert pipeline.look_up().response == {"sent": 0, "complete": True}
        assert announced(listener) == {"orders-restored": 1}

    def test_what_the_event_history_reports_first_is_processed_once(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        pipeline.run_on_schedule(queries=3)
        aws.cloudtrail.deliver(restore_event(aws))
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}
        assert targets_in_sync(pipeline) == {"orders-restored": 1}

    def test_reports_at_the_same_moment_are_processed_once(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.seconds_until_listed = 0
        restore(aws, "orders", "orders-restored")
        assert pipeline.look_up().response["sent"] == 1
        pipeline.run()
        assert len(pipeline.invocations[0].event["Records"]) == 2
        assert announced(listener) == {"orders-restored": 1}
        assert targets_in_sync(pipeline) == {"orders-restored": 1}

    def test_one_of_many_restores_that_eventbridge_loses_is_found(self, aws, pipeline, listener):
        make_source_table(aws)
        targets = [f"copy-{number}" for number in range(4)]
        aws.cloudtrail.times_delivered = lambda record: {"copy-2": 0, "copy-3": 2}.get(
            (record["requestParameters"] or {}).get("targetTableName"), 1
        )
        for target in targets:
            restore(aws, "orders", target)
        pipeline.run_on_schedule()
        assert announced(listener) == dict.fromkeys(targets, 1)

    def test_one_that_the_event_history_loses_is_processed(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.times_listed = lambda _: 0
        restore(aws, "orders", "orders-restored")
        pipeline.run_on_schedule()
        assert announced(listener) == {"orders-restored": 1}


class TestQueries:
    def test_a_query_that_finds_nothing_takes_two_calls(self, aws, pipeline):
        pipeline.look_up()
        assert len(pipeline.lookups()) == 2
        aws.clock.advance(A_DAY)
        pipeline.look_up()
        assert len(pipeline.lookups()) == 4

    def test_they_keep_to_two_calls_a_second(self, aws, pipeline):
        aws.rate_limits.enforced = True
        for _ in range(5):
            pipeline.look_up()
            aws.clock.advance(1)
        assert aws.rate_limits.refused["LookupEvents"] == 0

    def test_every_page_is_read_at_the_rate_that_aws_allows(self, aws, pipeline, listener):
        make_table(aws, "orders")
        aws.cloudtrail.trail = False
        restore(aws, "orders", "copy-0")
        record = restore_event(aws, "copy-0")
        # Restores that have failed, and one that has not at the end of the last page.
        failed = [record | {"eventID": f"id-{number}", "errorCode": "LimitExceededException"} for number in range(500)]
        (listed_at, _) = aws.cloudtrail.history[-1]
        aws.cloudtrail.history[:0] = [(listed_at, one) for one in failed]
        aws.clock.advance(FIVE_MINUTES)
        aws.rate_limits.enforced = True
        assert pipeline.look_up().response == {"sent": 1, "complete": True}
        assert len(pipeline.lookups()) == 12
        assert aws.rate_limits.refused["LookupEvents"] == 0
        aws.rate_limits.enforced = False
        pipeline.run()
        assert announced(listener) == {"copy-0": 1}

    def test_a_throttled_call_is_repeated(self, aws, pipeline):
        make_table(aws, "orders")
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(FIVE_MINUTES)
        fault = aws.faults.throttle("LookupEvents", times=5)
        assert pipeline.look_up().response == {"sent": 1, "complete": True}
        assert len(fault.met) == 5

    def test_one_that_is_throttled_for_good_leaves_it_to_the_next_query(self, aws, pipeline):
        make_table(aws, "orders")
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(FIVE_MINUTES)
        aws.faults.add("LookupEvents", **THROTTLED_FOR_GOOD)
        assert pipeline.look_up().response == {"sent": 0, "complete": False}
        aws.faults.clear()
        assert pipeline.look_up().response == {"sent": 1, "complete": True}

    def test_events_that_are_too_many_for_one_invocation_are_read_by_several(self, aws, deploy):
        pipeline = deploy(recorder_timeout=40)
        make_table(aws, "orders")
        aws.cloudtrail.trail = False
        pipeline.look_up()
        restore(aws, "orders", "orders-restored")
        record = restore_event(aws)
        # A day of calls that fail, of which one invocation reads a third; the restore is the oldest of all.
        for number in range(2000):
            at = aws.clock.datetime() + timedelta(seconds=60 + number * 43)
            failed = {"eventID": f"id-{number}", "errorCode": "LimitExceededException"}
            aws.cloudtrail.history.append((0, record | failed | {"eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}))
        aws.clock.advance(A_DAY)
        responses = [pipeline.look_up().response]
        while not responses[-1]["complete"] and len(responses) < 20:
            responses.append(pipeline.look_up().response)
        assert responses[-1]["complete"]
        assert sum(response["sent"] for response in responses) == 1
        assert len(responses) > 2

    def test_excluded_tables_and_failed_calls_are_left_out(self, aws, deploy):
        pipeline = deploy(EXCLUDE_TABLES="secret-*")
        make_table(aws, "orders")
        aws.cloudtrail.trail = False
        restore(aws, "orders", "secret-copy")
        with pytest.raises(aws.client("dynamodb").exceptions.TableNotFoundException):
            restore(aws, "missing", "copy")
        aws.clock.advance(FIVE_MINUTES)
        assert pipeline.look_up().response == {"sent": 0, "complete": True}

    def test_only_calls_of_the_restore_types_are_looked_up(self, deploy):
        pipeline = deploy(RESTORE_TYPES="backup,aws_backup")
        pipeline.look_up()
        names = [lookup["LookupAttributes"][0]["AttributeValue"] for lookup in pipeline.lookups()]
        assert names == ["RestoreTableFromBackup"]

    def test_no_word_of_an_event_is_logged(self, aws, deploy):
        pipeline = deploy(LOG_LEVEL="DEBUG")
        make_table(aws, "orders")
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        record = restore_event(aws)
        (listed_at, _) = aws.cloudtrail.history[-1]
        aws.cloudtrail.history.append((listed_at, record | {"eventID": "garbled", "requestParameters": None}))
        aws.clock.advance(FIVE_MINUTES)
        lines = "".join(pipeline.look_up().log_lines)
        assert "garbled" in lines
        for secret in ("userIdentity", record["userIdentity"]["arn"], record["sourceIPAddress"]):
            assert secret not in lines


class TestWithoutBucket:
    @pytest.mark.parametrize("operation", ["s3:PutObject", "s3:*"])
    def test_a_restore_is_processed_although_s3_denies(self, aws, pipeline, listener, operation):
        make_source_table(aws)
        aws.faults.add(operation, "AccessDenied", "Access Denied", times=math.inf, status=403)
        restore(aws, "orders", "orders-restored")
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}
        pipeline.assert_in_sync("orders", "orders-restored")
        assert any("restore archive cannot be used" in line.get("message", "") for line in pipeline.log)

    def test_what_earlier_queries_left_and_may_not_be_read_is_reported(self, pipeline):
        pipeline.look_up()
        pipeline.aws.faults.add("s3:GetObject", "AccessDenied", "Access Denied", times=math.inf, status=403)
        log = "".join(pipeline.look_up().log_lines)
        assert "allow s3:GetObject of event_history/v1/" in log
        assert '"EventHistoryFailed":[1' in log.replace(" ", "")

    def test_a_restore_without_a_trail_is_found_although_s3_denies(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.faults.add("s3:*", "AccessDenied", "Access Denied", times=math.inf, status=403)
        aws.cloudtrail.trail = False
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(FIVE_MINUTES)
        assert pipeline.look_up().response == {"sent": 1, "complete": True}
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}

    @pytest.mark.parametrize("trail", [False, True])
    @pytest.mark.parametrize("operation", ["s3:PutObject", "s3:*"])
    def test_it_is_processed_and_announced_once_while_s3_denies_for_hours(
        self, aws, pipeline, listener, operation, trail
    ):
        make_source_table(aws)
        aws.cloudtrail.trail = trail
        pipeline.look_up()
        aws.faults.add(operation, "AccessDenied", "Access Denied", times=math.inf, status=403)
        restore(aws, "orders", "orders-restored")
        pipeline.run_on_schedule(queries=30)
        aws.faults.clear()
        pipeline.run_on_schedule(queries=2)
        assert announced(listener) == {"orders-restored": 1}
        assert targets_in_sync(pipeline) == {"orders-restored": 1}
        assert pipeline.look_up().response == {"sent": 0, "complete": True}
        assert len(pipeline.keys("event_history/")) == 1

    def test_another_environment_announces_it_again_and_writes_nothing_to_the_table(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.trail = False
        aws.faults.add("s3:PutObject", "AccessDenied", "Access Denied", times=math.inf, status=403)
        restore(aws, "orders", "orders-restored")
        pipeline.run_on_schedule(queries=3)
        unwritten.drop_all()
        aws.calls.clear()
        pipeline.run_on_schedule(queries=3)
        of_table = {call.operation for call in aws.calls if call.service == "dynamodb"}
        assert "ListTagsOfResource" in of_table
        assert [operation for operation in of_table if not operation.startswith(("Describe", "Get", "List"))] == []
        assert announced(listener) == {"orders-restored": 2}

    def test_a_failed_restore_is_processed_again_when_it_is_redriven_while_s3_denies(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.faults.add("s3:PutObject", "AccessDenied", "Access Denied", times=math.inf, status=403)
        aws.faults.add("TagResource", "AccessDeniedException", "not authorized")
        restore(aws, "orders", "orders-restored")
        pipeline.run()
        aws.clock.advance(A_DAY)
        redrive(aws, pipeline)
        pipeline.run()
        assert [event["detail"]["outcome"] for event in listener.take()] == ["failed", "in_sync"]

    def test_s3_that_does_not_answer_is_asked_once_an_invocation(self, aws, pipeline, listener):
        make_source_table(aws)
        targets = [f"copy-{number}" for number in range(5)]
        fault = aws.faults.add("s3:*", "ReadTimeout", times=math.inf)
        for target in targets:
            restore(aws, "orders", target)
        aws.clock.advance(400)
        pipeline.run()
        assert announced(listener) == dict.fromkeys(targets, 1)
        assert len(fault.met) == len(pipeline.invocations)

    def test_an_object_that_is_no_entry_does_not_stop_its_restore(self, aws, pipeline, listener):
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        record = restore_event(aws)
        key = f"restores/v1/{aws.account}/eu-west-1/orders-restored/{record['eventTime']}-{record['eventID']}.json"
        aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"not JSON")
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}

    def test_without_records_no_call_is_made_to_s3(self, aws, deploy):
        pipeline = deploy()
        pipeline.aws.client("lambda").update_function_configuration(
            FunctionName="table-sync",
            Environment={"Variables": {"QUEUE_URL": pipeline.function.queue_url, "RECORDS_BUCKET": ""}},
        )
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        pipeline.run()
        assert [call.name for call in pipeline.calls() if call.service == "s3"] == []
        assert pipeline.attempts[-1]["outcome"] == "in_sync"


class TestArchive:
    def test_it_has_the_times_and_the_last_report_of_a_restore(self, aws, pipeline):
        make_source_table(aws)
        called_at = aws.clock.datetime()
        restore(aws, "orders", "orders-restored")
        pipeline.run()
        record = restore_event(aws)
        ((key, entry),) = pipeline.archived().items()
        called = f"{called_at:%Y-%m-%dT%H:%M:%S}"
        assert key == (
            f"restores/v1/{aws.account}/eu-west-1/orders-restored/{record['eventTime']}-{record['eventID']}.json"
        )
        assert (entry["source"], entry["target"]) == (arn("orders"), arn("orders-restored"))
        assert entry["called_at"] == f"{called}.000Z"
        last = pipeline.attempts[-1]
        assert entry["report"] == {name: last[name] for name in entry["report"]}
        assert (entry["outcome"], entry["attempts"]) == ("in_sync", len(pipeline.attempts))
        assert entry["called_at"] < entry["active_at"] <= entry["in_sync_at"] <= entry["ended_at"]

    def test_a_restore_that_waits_for_hours_is_written_now_and_then(self, aws, pipeline):
        make_table(aws, "orders")
        aws.restore_seconds = 2 * AN_HOUR
        restore(aws, "orders", "orders-restored")
        pipeline.run()
        writes = [call for call in pipeline.calls() if call.name == "s3:PutObject"]
        assert len(writes) == pytest.approx(2 * 4 + 2, abs=2)
        (entry,) = pipeline.archived().values()
        assert entry["attempts"] == len(pipeline.attempts)

    def test_a_restore_job_of_aws_backup_is_archived_by_its_completion(self, aws, pipeline):
        make_table(aws, "orders")
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(400)
        aws.client("sqs").purge_queue(QueueUrl=pipeline.function.queue_url)
        completed = f"{aws.clock.datetime():%Y-%m-%dT%H:%M:%S.128Z}"
        job = aws_backup(creationDate=f"{aws.clock.datetime():%Y-%m-%dT%H:%M:%SZ}", completionDate=completed)
        pipeline.send(json.dumps(job | {"time": completed}))
        pipeline.run()
        (key,) = pipeline.archived()
        assert key.endswith(f"/orders-restored/{completed[:19]}Z-{job['detail']['restoreJobId']}.json")

    def test_an_event_without_an_id_is_processed_without_the_archive(self, aws, pipeline, listener):
        make_table(aws, "orders")
        restore(aws, "orders", "orders-restored")
        aws.client("sqs").purge_queue(QueueUrl=pipeline.function.queue_url)
        at = restore_event(aws)["eventTime"]
        pipeline.send(json.dumps(point_in_time(eventTime=at, eventID="../../settings")))
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}
        assert pipeline.archived() == {}


def redrive(aws, pipeline):
    """Move the messages of the dead-letter queue to the queue."""
    aws.client("sqs").start_message_move_task(
        SourceArn=pipeline.function.dlq_arn, DestinationArn=pipeline.function.queue_arn
    )


class TestRedrive:
    def test_a_failed_restore_is_processed_again_when_it_is_redriven(self, aws, pipeline, listener):
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        aws.faults.add("TagResource", "AccessDeniedException", "not authorized", times=math.inf)
        pipeline.run()
        aws.faults.clear()
        aws.clock.advance(A_DAY)
        redrive(aws, pipeline)
        pipeline.run()
        assert [event["detail"]["outcome"] for event in listener.take()] == ["failed", "in_sync"]
        (entry,) = pipeline.archived().values()
        assert (entry["outcome"], entry["attempts"]) == ("in_sync", len(pipeline.attempts))

    def test_so_it_is_when_its_body_is_sent_by_hand(self, aws, pipeline, listener):
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        aws.faults.add("TagResource", "AccessDeniedException", "not authorized", times=math.inf)
        pipeline.run()
        aws.faults.clear()
        (message,) = pipeline.quarantined
        aws.clock.advance(A_DAY)
        pipeline.send(message["body"])
        pipeline.run()
        assert [event["detail"]["outcome"] for event in listener.take()] == ["failed", "in_sync"]

    def test_a_redrive_emits_the_event_that_was_refused(self, aws, pipeline, listener):
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        aws.faults.add("PutEvents", "AccessDeniedException", "not authorized", times=math.inf)
        pipeline.run()
        aws.faults.clear()
        (message,) = pipeline.quarantined
        aws.clock.advance(A_DAY)
        pipeline.send(message["body"])
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}
        pipeline.send(message["body"])
        pipeline.run()
        assert announced(listener) == {}

    def test_a_second_report_that_came_before_the_restore_failed_is_not_processed(self, aws, pipeline, listener):
        make_source_table(aws)
        aws.cloudtrail.times_delivered = lambda _: 2
        restore(aws, "orders", "orders-restored")
        aws.faults.add("TagResource", "AccessDeniedException", "not authorized", times=math.inf)
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}
        assert len(pipeline.quarantined) == 1

    def test_a_message_whose_attempts_all_crashed_is_processed_when_it_is_redriven(self, aws, deploy, listener):
        pipeline = deploy(handler=crashing, max_attempts=3, MAX_ATTEMPTS="3")
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        aws.faults.before("DescribeTable", crash, times=3, when=pipeline.made)
        pipeline.run()
        assert pipeline.attempts == []
        redrive(aws, pipeline)
        pipeline.run()
        assert announced(listener) == {"orders-restored": 1}


def test_a_second_report_takes_over_if_the_first_one_s_message_is_lost(aws, pipeline, listener):
    make_source_table(aws)
    aws.restore_seconds = AN_HOUR
    restore(aws, "orders", "orders-restored")
    pipeline.run_for(300)
    assert pipeline.attempts
    aws.client("sqs").purge_queue(QueueUrl=pipeline.function.queue_url)
    aws.clock.advance(60)
    aws.cloudtrail.deliver(restore_event(aws))
    pipeline.run()
    assert announced(listener) == {"orders-restored": 1}


@pytest.mark.parametrize(
    ("crash_after", "earlier"),
    [("s3:PutObject", 0), ("s3:PutObject", 1), ("events:PutEvents", 0)],
    ids=["claim", "report", "event"],
)
def test_after_a_crash_the_restore_is_announced(aws, deploy, listener, crash_after, earlier):
    pipeline = deploy(handler=crashing)
    make_source_table(aws)
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(400)
    aws.faults.after(crash_after, lambda _: None, times=earlier, when=pipeline.made)
    crashed = aws.faults.after(crash_after, crash, times=1, when=pipeline.made)
    pipeline.run()
    assert len(crashed.met) == 1
    # After PutEvents nobody knows that it was sent.
    assert announced(listener) == {"orders-restored": 2 if crash_after == "events:PutEvents" else 1}
    (entry,) = pipeline.archived().values()
    assert entry["outcome"] == "in_sync"
    assert entry["ended_at"]
    pipeline.assert_in_sync("orders", "orders-restored")


@pytest.mark.parametrize(
    "crash_after", ["cloudtrail:LookupEvents", "s3:GetObject", "s3:ListObjectsV2", "sqs:SendMessage", "s3:PutObject"]
)
def test_after_a_crash_of_a_query_the_next_one_finds_the_restore(aws, deploy, listener, crash_after):
    pipeline = deploy(handler=crashing)
    make_source_table(aws)
    pipeline.look_up()
    aws.cloudtrail.trail = False
    restore(aws, "orders", "orders-restored")
    aws.clock.advance(FIVE_MINUTES)
    crashed = aws.faults.after(crash_after, crash)
    assert pipeline.service.invoke(RECORDER, {"look_up": True}).error
    assert len(crashed.met) == 1
    pipeline.run_on_schedule(queries=2)
    assert announced(listener) == {"orders-restored": 1}


class TestRestoresCommand:
    def command(self, capsys, *arguments):
        """Run the command; return its exit code and its output."""
        code = main(["restores", "--bucket", BUCKET, "--region", "eu-west-1", *arguments])
        return code, capsys.readouterr()

    def test_it_lists_the_newest_first(self, aws, pipeline, capsys):
        make_source_table(aws)
        for target in ("b-first", "c-second", "a-third"):
            restore(aws, "orders", target)
            aws.clock.advance(60)
        pipeline.run()
        code, output = self.command(capsys)
        header, *rows = output.out.splitlines()
        assert code == 0
        assert header.split("  ")[0] == "called at"
        assert [row.split()[1] for row in rows] == ["a-third", "c-second", "b-first"]
        assert all(row.split()[2:4] == ["orders", "in_sync"] for row in rows)
        code, output = self.command(capsys, "--json", "--limit", "1")
        (restored,) = json.loads(output.out)
        assert restored["report"]["target"] == arn("a-third")
        assert restored == {"key": restored["key"]} | pipeline.archived()[restored["key"]]

    @pytest.mark.usefixtures("pipeline")
    def test_without_restores_it_says_so(self, capsys):
        code, output = self.command(capsys)
        assert (code, output.out) == (0, "The archive has no restores of this account and Region.\n")
        code, output = self.command(capsys, "--json")
        assert (code, json.loads(output.out)) == (0, [])

    @pytest.mark.usefixtures("pipeline")
    def test_an_object_that_cannot_be_read_is_listed_and_controls_nothing(self, aws, capsys):
        key = f"restores/v1/{aws.account}/eu-west-1/copy/2026-07-15T03:14:58Z-id"
        aws.client("s3").put_object(Bucket=BUCKET, Key=f"{key}-1.json", Body=b"not JSON")
        body = json.dumps({"source": "x/\x1b[2J", "called_at": "2026-07-15", "active_at": 1})
        aws.client("s3").put_object(Bucket=BUCKET, Key=f"{key}-2.json", Body=body)
        code, output = self.command(capsys)
        assert code == 0
        assert "unreadable" in output.out
        assert "\x1b" not in output.out

    @pytest.mark.usefixtures("aws")
    def test_a_bucket_that_is_not_there_is_named(self, capsys):
        code, output = self.command(capsys)
        assert code == 1
        assert output.err == f"There is no bucket {BUCKET}: give the output records_bucket of the module.\n"

    @pytest.mark.usefixtures("aws")
    def test_a_limit_is_a_number(self, capsys):
        code, output = self.command(capsys, "--limit", "0")
        assert (code, output.out) == (1, "")
        assert "give 1 or more to --limit" in output.err

    def test_it_makes_read_calls_alone(self, aws, pipeline, capsys):
        make_source_table(aws)
        restore(aws, "orders", "orders-restored")
        pipeline.run()
        before = len(aws.calls)
        self.command(capsys)
        assert {call.name for call in aws.calls[before:]} <= {
            "sts:GetCallerIdentity",
            "s3:ListObjectsV2",
            "s3:GetObject",
        }
