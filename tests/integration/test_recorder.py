"""The recorder on the embedded AWS: what it records, when it writes nothing, and what it cannot be brought to do."""

import json
import math
from datetime import datetime

import pytest

from table_sync.aws import Table
from table_sync.records.snapshot import snapshot
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.recorder import BUCKET, DeployedRecorder
from tests.support.restore_events import ACCOUNT, REGION, arn
from tests.support.tables import make_source, make_table, restore

READS = ("Describe", "Get", "List")


@pytest.fixture
def aws(monkeypatch):
    with EmbeddedAWS() as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        yield aws


@pytest.fixture
def recorder(aws):
    with DeployedRecorder(aws) as recorder:
        yield recorder


def described(aws, name):
    return aws.client("dynamodb").describe_table(TableName=name)["Table"]


def versions(aws, prefix="settings/"):
    return aws.client("s3").list_object_versions(Bucket=BUCKET, Prefix=prefix).get("Versions", [])


def marks(aws):
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="settings/").get("Contents", [])
    return [found["Key"] for found in listed if found["Key"].endswith(".deleted")]


def bodies(recorder):
    sqs = recorder.aws.client("sqs")
    return sqs.receive_message(QueueUrl=recorder.function.queue_url, MaxNumberOfMessages=10).get("Messages", [])


def key(name, table_id):
    return f"settings/v1/{ACCOUNT}/{REGION}/{name}/{table_id}.json"


class TestSweep:
    def test_it_records_every_setting_of_every_table(self, aws, recorder):
        make_source(aws)
        make_table(aws, "customers")
        recorder.run()
        recorder.sweep()
        record = recorder.record("orders")
        table = Table(arn("orders"))
        table.describe()
        now = snapshot(table, None)
        assert record["settings"] == now.settings
        # The table is provisioned.
        assert [name for name, value in record["settings"].items() if not value] == ["on_demand_throughput"]
        assert record["unreadable"] == {}
        assert (record["version"], record["table"]) == (1, arn("orders"))
        assert record["table_id"] == described(aws, "orders")["TableId"]
        assert "deleted_at" not in record
        assert recorder.record("customers")["settings"]["ttl"] is None

    def test_a_table_that_has_not_changed_is_not_written_again(self, aws, recorder):
        make_source(aws)
        recorder.run()
        recorder.sweep()
        before = versions(aws)
        recorder.sweep()
        recorder.send(json.dumps({"table": arn("orders")}))
        recorder.run()
        assert versions(aws) == before

    def test_it_writes_nothing_but_records_and_its_own_messages(self, aws, recorder):
        make_source(aws)
        recorder.sweep()
        made = {call.name for call in recorder.calls() if not call.operation.startswith(READS)}
        assert made == {"s3:PutObject", "sqs:SendMessage"}

    def test_it_tells_that_it_is_finished_and_how_many_tables_are_recorded(self, aws, recorder):
        for name in ("orders", "customers", "payments"):
            make_table(aws, name)
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        recorder.sweep()
        assert recorder.metric("TablesRecorded") == 3
        assert recorder.metric("TablesNotRecorded") == 0
        assert recorder.metric("SweepsFinished") == 1
        assert any("SweepAge" in line for line in recorder.log)

    def test_a_table_that_it_misses_is_deleted_and_keeps_its_last_settings(self, aws, recorder):
        make_table(aws, "orders")
        recorder.sweep()
        last = recorder.record("orders")
        aws.client("dynamodb").delete_table(TableName="orders")
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        aws.clock.advance(60)
        recorder.sweep()
        record = recorder.record("orders")
        assert datetime.fromisoformat(record.pop("deleted_at")).tzinfo
        assert record == last
        before = versions(aws)
        recorder.sweep()
        assert versions(aws) == before

    @pytest.mark.parametrize("found_by", ["a sweep", "its event"])
    def test_the_record_of_a_deleted_table_is_not_read_again(self, aws, recorder, found_by):
        make_table(aws, "orders")
        make_table(aws, "customers")
        recorder.sweep()
        aws.client("dynamodb").delete_table(TableName="orders")
        if found_by == "a sweep":
            aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        aws.clock.advance(60)
        recorder.sweep()
        assert "deleted_at" in recorder.record("orders")
        aws.calls.clear()
        recorder.sweep()
        assert [call.name for call in recorder.calls() if "orders" in json.dumps(call.parameters, default=str)] == []

    def test_a_record_that_the_list_does_not_show_as_that_of_a_deleted_table_is_read_once_more(self, aws, recorder):
        make_table(aws, "orders")
        recorder.sweep()
        aws.client("dynamodb").delete_table(TableName="orders")
        recorder.run()
        aws.clock.advance(60)
        record = recorder.record("orders")
        (mark,) = marks(aws)
        aws.client("s3").delete_object(Bucket=BUCKET, Key=mark)
        recorder.sweep()
        assert marks(aws) == [mark]
        assert recorder.record("orders") == record

    def test_a_table_that_was_there_after_all_is_found_to_be_deleted_later(self, aws, recorder):
        make_table(aws, "orders")
        recorder.sweep()
        aws.faults.add("dynamodb:DescribeTable", "ResourceNotFoundException", times=2)
        recorder.send(json.dumps({"table": arn("orders")}))
        recorder.run()
        assert "deleted_at" in recorder.record("orders")
        aws.clock.advance(60)
        recorder.sweep()
        assert "deleted_at" not in recorder.record("orders")
        aws.client("dynamodb").delete_table(TableName="orders")
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        aws.clock.advance(60)
        recorder.sweep()
        assert "deleted_at" in recorder.record("orders")

    def test_a_record_that_another_recorder_writes_during_the_first_sweep_stays(self, aws, recorder):
        make_table(aws, "orders")
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        before = json.dumps({"settings": {}}).encode()

        def other(call):
            aws.client("s3").put_object(Bucket=BUCKET, Key=call.parameters["Key"], Body=before)

        aws.faults.before("s3:PutObject", other)
        recorder.sweep()
        assert recorder.record("orders")["settings"]["pitr"]
        (first, _) = sorted(versions(aws), key=lambda version: version["IsLatest"])
        answer = aws.client("s3").get_object(Bucket=BUCKET, Key=first["Key"], VersionId=first["VersionId"])
        assert answer["Body"].read() == before

    @pytest.mark.parametrize(
        ("operation", "of_table"),
        [
            ("application-autoscaling:DescribeScheduledActions", "ResourceId"),
            ("dynamodb:ListContributorInsights", "TableName"),
            ("lambda:ListEventSourceMappings", "EventSourceArn"),
        ],
    )
    def test_what_may_not_be_listed_for_all_tables_is_read_of_each(self, aws, recorder, operation, of_table):
        make_source(aws)
        recorder.run()
        now = recorder.record("orders")["settings"]
        refused = aws.faults.add(
            operation, "AccessDeniedException", when=lambda call: of_table not in call.parameters, times=math.inf
        )
        for version in versions(aws):
            aws.client("s3").delete_object(Bucket=BUCKET, Key=version["Key"])
        recorder.sweep()
        assert refused.met
        assert (recorder.record("orders")["settings"], recorder.record("orders")["unreadable"]) == (now, {})

    def test_a_table_that_was_made_again_is_another_one(self, aws, recorder):
        make_table(aws, "orders")
        first = described(aws, "orders")["TableId"]
        recorder.sweep()
        aws.client("dynamodb").delete_table(TableName="orders")
        aws.clock.advance(60)
        make_table(aws, "orders")
        second = described(aws, "orders")["TableId"]
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        recorder.sweep()
        assert "deleted_at" in recorder.record("orders", first)
        assert "deleted_at" not in recorder.record("orders", second)

    def test_one_table_that_cannot_be_recorded_stops_no_other(self, aws, recorder):
        for name in ("a-orders", "b-orders", "c-orders"):
            make_table(aws, name)
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        aws.faults.add(
            "s3:PutObject",
            "AccessDenied",
            when=lambda call: "b-orders" in call.parameters["Key"],
            times=math.inf,
        )
        recorder.sweep()
        assert [written.split("/")[4] for written in recorder.writes()] == ["a-orders", "c-orders"]
        assert recorder.metric("TablesNotRecorded") == 1
        (line,) = [line for line in recorder.log if line.get("message") == "The table is not recorded"]
        assert line["table"] == arn("b-orders")
        assert "AccessDenied" in line["reason"]

    def test_one_record_that_may_not_be_read_does_not_stop_the_sweep(self, aws, recorder):
        for name in ("a-orders", "b-orders"):
            make_table(aws, name)
        recorder.sweep()
        for name in ("a-orders", "b-orders"):
            aws.client("dynamodb").delete_table(TableName=name)
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        aws.clock.advance(60)
        # S3 encrypts with a key that is disabled since.
        error = "KMS.DisabledException"
        aws.faults.add("s3:GetObject", error, when=lambda call: "a-orders" in call.parameters["Key"], times=math.inf)
        recorder.sweep()
        aws.faults.clear()
        assert recorder.metric("SweepsFinished") == 2
        assert recorder.metric("TablesNotRecorded") == 1
        assert "deleted_at" in recorder.record("b-orders")
        assert any(error in line.get("reason", "") and line["table"] == arn("a-orders") for line in recorder.log)


class TestSchedule:
    def schedule(self, aws, recorder):
        events = aws.client("events")
        rule = events.put_rule(Name="sweep", ScheduleExpression="rate(12 hours)")["RuleArn"]
        target = {"Id": "recorder", "Arn": recorder.function.arn, "Input": json.dumps({"sweep": True})}
        events.put_targets(Rule="sweep", Targets=[target])
        return rule

    def test_a_sweep_runs_on_its_schedule(self, aws, recorder):
        make_table(aws, "orders")
        recorder.run()
        aws.client("lambda").add_permission(
            FunctionName="table-sync-recorder",
            StatementId="sweep",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=self.schedule(aws, recorder),
        )
        recorder.invocations += recorder.service.run_schedules_until(aws.clock.now() + 25 * 3600)
        assert recorder.metric("SweepsFinished") == 2

    def test_a_schedule_that_the_function_does_not_permit_runs_nothing(self, aws, recorder):
        self.schedule(aws, recorder)
        assert recorder.service.run_schedules_until(aws.clock.now() + 13 * 3600) == []
        assert [lost.error_code for lost in aws.events.lost] == ["NO_PERMISSIONS"]


class TestChanges:
    def test_a_change_makes_a_version_with_the_change(self, aws, recorder):
        make_table(aws, "orders")
        recorder.sweep()
        before = versions(aws)
        aws.client("dynamodb").tag_resource(ResourceArn=arn("orders"), Tags=[{"Key": "team", "Value": "payments"}])
        aws.clock.advance(10)
        recorder.run()
        assert recorder.record("orders")["settings"]["tags"] == {"Tags": [{"Key": "team", "Value": "payments"}]}
        assert len(versions(aws)) == len(before) + 1

    def test_a_restore_records_its_source_at_once(self, aws, recorder):
        make_table(aws, "orders")
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        restore(aws, "orders", "orders-restored")
        aws.clock.advance(10)
        recorder.run()
        assert recorder.record("orders")["settings"]["pitr"]

    def test_a_deleted_table_keeps_its_last_settings(self, aws, recorder):
        make_table(aws, "orders")
        recorder.sweep()
        last = recorder.record("orders")
        aws.client("dynamodb").delete_table(TableName="orders")
        recorder.run()
        record = recorder.record("orders")
        assert datetime.fromisoformat(record.pop("deleted_at")).timestamp() == pytest.approx(aws.clock.now(), abs=120)
        assert record == last

    def test_a_version_is_found_after_it_was_overwritten_and_after_the_object_was_deleted(self, aws, recorder):
        make_table(aws, "orders")
        recorder.sweep()
        (version,) = versions(aws)
        s3 = aws.client("s3")
        s3.put_object(Bucket=BUCKET, Key=version["Key"], Body=b"overwritten")
        s3.delete_object(Bucket=BUCKET, Key=version["Key"])
        body = s3.get_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
        assert json.loads(body)["table"] == arn("orders")
        recorder.sweep()
        assert recorder.record("orders")["settings"] == json.loads(body)["settings"]

    def test_many_changes_of_one_table_are_recorded_together(self, aws, recorder):
        make_table(aws, "orders")
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        for _ in range(10):
            recorder.send(json.dumps({"table": arn("orders")}))
        recorder.run()
        assert len([call for call in recorder.calls() if call.name == "dynamodb:DescribeTable"]) == 1

    def test_another_recorder_that_was_faster_is_not_overwritten(self, aws, recorder):
        make_table(aws, "orders")
        recorder.sweep()
        dynamodb = aws.client("dynamodb")
        dynamodb.tag_resource(ResourceArn=arn("orders"), Tags=[{"Key": "seen", "Value": "first"}])
        (written,) = versions(aws)

        def other(call):
            # Whatever it says of its time.
            body = recorder.record("orders") | {"settings": {}, "recorded_at": "2020-01-01T00:00:00+00:00"}
            dynamodb.tag_resource(ResourceArn=arn("orders"), Tags=[{"Key": "seen", "Value": "second"}])
            dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=True)
            aws.clock.advance(10)  # ListTagsOfResource lags
            aws.client("s3").put_object(Bucket=BUCKET, Key=call.parameters["Key"], Body=json.dumps(body))

        aws.faults.before("s3:PutObject", other)
        aws.clock.advance(10)
        recorder.run()
        settings = recorder.record("orders")["settings"]
        assert settings["tags"] == {"Tags": [{"Key": "seen", "Value": "second"}]}
        assert settings["deletion_protection"]
        assert len(versions(aws, written["Key"])) == 3

    def test_a_throttled_read_is_repeated_and_not_recorded_as_unreadable(self, aws, recorder):
        make_table(aws, "orders")
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        aws.faults.add("dynamodb:ListTagsOfResource", "ThrottlingException", times=3)
        recorder.send(json.dumps({"table": arn("orders")}))
        recorder.run()
        assert recorder.record("orders")["unreadable"] == {}

    def test_what_may_not_be_read_keeps_its_last_value(self, aws, recorder):
        make_source(aws)
        recorder.sweep()
        tags = recorder.record("orders")["settings"]["tags"]
        aws.faults.add("dynamodb:ListTagsOfResource", "AccessDeniedException", times=math.inf)
        recorder.send(json.dumps({"table": arn("orders")}))
        recorder.run()
        record = recorder.record("orders")
        assert record["settings"]["tags"] == tags
        assert record["unreadable"] == {"tags": "ListTagsOfResource: AccessDeniedException"}

    def test_a_record_that_s3_refuses_again_and_again_stays_in_the_queue_and_the_log_says_why(self, aws, recorder):
        make_table(aws, "orders")
        aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
        refused = aws.faults.add("s3:PutObject", "ConditionalRequestConflict", times=5, status=409)
        recorder.send(json.dumps({"table": arn("orders")}))
        recorder.run()
        assert len(refused.met) == 5
        (line,) = [line for line in recorder.log if line.get("message") == "The table is not recorded"]
        assert line["reason"] == "S3 has refused the record again and again because another recorder was faster"
        assert recorder.record("orders")["settings"]["pitr"]


class TestBadInput:
    @pytest.mark.parametrize(
        "body", ["", "{}", "[]", '{"table": "orders"}', '{"table": 1}', '{"sweep": {}}', '{"detail": {}}']
    )
    def test_a_message_that_is_not_understood_is_dropped_and_not_logged(self, recorder, body):
        recorder.send(body or "not JSON: secret")
        recorder.run()
        assert bodies(recorder) == []
        (line,) = [line for line in recorder.log if line.get("message") == "The message is dropped"]
        assert "secret" not in json.dumps(line)
        assert recorder.writes() == []

    @pytest.mark.parametrize(
        "event", [{}, [], None, {"sweep": False}, {"sweep": True, "more": 1}, {"table": arn("orders")}]
    )
    def test_an_invocation_that_is_not_understood_does_nothing(self, recorder, event):
        assert recorder.invoke(event) == {}
        assert recorder.calls() == []
        assert any(line.get("message") == "The event is dropped" for line in recorder.log)

    def test_a_bucket_that_does_not_exist_loses_no_message_and_is_counted(self, aws):
        with DeployedRecorder(aws, RECORDS_BUCKET="another-bucket") as recorder:
            make_table(aws, "orders")
            aws.client("sqs").purge_queue(QueueUrl=recorder.function.queue_url)
            recorder.send(json.dumps({"table": arn("orders")}))
            recorder.invocations += recorder.service.poll_once()
            assert recorder.metric("TablesNotRecorded") == 1
            assert any("NoSuchBucket" in line.get("reason", "") for line in recorder.log)
            s3 = aws.client("s3")
            s3.create_bucket(Bucket="another-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
            recorder.run()
            assert len(recorder.writes()) == 1

    def test_an_object_that_is_no_record_is_replaced_and_stays_as_a_version(self, aws, recorder):
        make_table(aws, "orders")
        at = key("orders", described(aws, "orders")["TableId"])
        aws.client("s3").put_object(Bucket=BUCKET, Key=at, Body=b"x" * 10_000_000)
        recorder.sweep()
        assert recorder.record("orders")["table"] == arn("orders")
        assert len(versions(aws)) == 2

    def test_hostile_records_are_not_touched_by_a_sweep(self, aws, recorder):
        hostile = [key("x", "id"), key("../orders", "id"), key("orders", "id/id"), key("orders", "id") + "/more"]
        for at in hostile:
            aws.client("s3").put_object(Bucket=BUCKET, Key=at, Body=b"not JSON")
        recorder.sweep()
        assert recorder.metric("SweepsFinished") == 1
        assert recorder.writes() == []
