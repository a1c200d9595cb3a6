"""Records: what is read from a bucket that anybody may have written to, and which version a restore uses."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import IncompleteReadError, ResponseStreamingError

from table_sync import aws as function_clients
from table_sync.aws import Table
from table_sync.errors import BusyError, Meaning, meaning
from table_sync.recording import record_list
from table_sync.records.bucket import Bucket, ObjectVersion
from table_sync.records.json_object import OvertakenError
from table_sync.records.record import LARGEST_BYTES, InvalidRecordError, Record, dumps, loads
from table_sync.records.selection import choose, in_force
from tests.support.embedded_aws import BODY_CUT, BODY_RESET, EmbeddedAWS

ACCOUNT, REGION = "123456789012", "eu-west-1"
ORDERS = Table(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders")
BUCKET = "records-of-settings"
CREATED = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


def record(table_id="id-1", *, created_at=CREATED, settings=None, **more):
    return Record(
        table=ORDERS.arn,
        table_id=table_id,
        created_at=created_at,
        recorded_at=created_at + timedelta(hours=1),
        settings={"ttl": {"AttributeName": "expires"}} if settings is None else settings,
        **more,
    )


def body(**changes):
    document = json.loads(dumps(record())) | changes
    return json.dumps({name: value for name, value in document.items() if value != "absent"}).encode()


@pytest.fixture
def bucket(aws):
    function_clients.start_session()
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(BUCKET, REGION)


@pytest.fixture
def aws(monkeypatch):
    with EmbeddedAWS(start=CREATED.timestamp()) as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        yield aws


class TestRecord:
    @pytest.mark.parametrize(
        "written",
        [
            record(),
            record(settings={"ttl": None, "tags": {"Tags": []}}),
            record(unreadable={"tags": "ListTagsOfResource: AccessDeniedException"}, deleted_at=CREATED),
        ],
    )
    def test_what_was_written_is_read(self, written):
        assert loads(dumps(written), written.key) == written

    def test_fields_that_are_not_known_are_ignored(self):
        assert loads(body(settings={"ttl": None}, more="of a later version")) == record(settings={"ttl": None})

    def test_the_key_names_account_region_table_and_lifetime(self):
        assert record().key == f"settings/v1/{ACCOUNT}/{REGION}/orders/id-1.json"

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            (b"", "not JSON"),
            (b"\xff", "not JSON"),
            (b"[" * 100_000, "not JSON"),
            (b"[]", "no version"),
            (b"x" * (LARGEST_BYTES + 1), "1,000,001 bytes"),
            (body(version="absent"), "no version"),
            (body(version=True), "no version"),
            (body(version="1"), "no version"),
            (body(version=0), "version 0, which does not exist"),
            (body(version=2), "version 2.*up to version 1: update the module"),
            (body(table="absent"), "does not name a table"),
            (body(table="orders"), "does not name a table"),
            (body(table_id=7), "does not name a table"),
            (body(table_id="../../other"), "not a TableId"),
            (body(settings="absent"), "settings"),
            (body(settings=[]), "settings"),
            (body(settings={"ttl": "on"}), "settings"),
            (body(unreadable={"ttl": 1}), "settings"),
            (body(created_at="absent"), "created_at"),
            (body(created_at="yesterday"), "created_at"),
            (body(created_at="2026-01-01T08:00:00"), "created_at"),
            (body(recorded_at=1), "recorded_at"),
            (body(deleted_at="no"), "deleted_at"),
        ],
    )
    def test_what_is_no_record_is_refused_with_the_reason(self, wrong, reason):
        with pytest.raises(InvalidRecordError, match=reason):
            loads(wrong)

    @pytest.mark.parametrize(
        "key",
        [
            f"settings/v1/210987654321/{REGION}/orders/id-1.json",
            f"settings/v1/{ACCOUNT}/us-east-1/orders/id-1.json",
            f"settings/v1/{ACCOUNT}/{REGION}/payments/id-1.json",
            f"settings/v1/{ACCOUNT}/{REGION}/orders/id-2.json",
        ],
    )
    def test_a_record_under_another_tables_key_is_refused(self, key):
        with pytest.raises(InvalidRecordError, match="its key is not"):
            loads(body(), key)


class TestBucket:
    def test_the_first_version_is_written_once(self, bucket):
        bucket.write(record(), etag="")
        with pytest.raises(OvertakenError):
            bucket.write(record(settings={"ttl": None}), etag="")
        assert bucket.read(record().key) == record()

    def test_a_version_replaces_the_one_that_was_read_and_no_other(self, bucket):
        bucket.write(record(), etag="")
        _, etag = bucket.newest(record().key)
        bucket.write(record(settings={"ttl": None}), etag)
        with pytest.raises(OvertakenError):
            bucket.write(record(settings={"tags": None}), etag)
        assert bucket.read(record().key) == record(settings={"ttl": None})

    @pytest.mark.parametrize("end", [BODY_CUT, BODY_RESET])
    def test_a_record_of_which_only_a_part_arrives_is_none_that_cannot_be_used(self, aws, bucket, end):
        bucket.write(record(), etag="")
        for read in (bucket.read, bucket.newest, bucket.body):
            aws.faults.add("GetObject", end)
            with pytest.raises((IncompleteReadError, ResponseStreamingError)) as caught:
                read(record().key)
            assert meaning(caught.value) is Meaning.TRANSIENT

    def test_an_object_that_is_no_record_is_replaced(self, aws, bucket):
        aws.client("s3").put_object(Bucket=BUCKET, Key=record().key, Body=b"not a record")
        found, etag = bucket.newest(record().key)
        assert found is None
        bucket.write(record(), etag)
        assert bucket.read(record().key) == record()

    def test_no_record_is_none(self, bucket):
        assert bucket.read(record().key) is None
        assert bucket.newest(record().key) == (None, "")

    def test_versions_are_those_of_records_of_the_tables_name_alone(self, aws, bucket):
        other = Record(**{**vars(record()), "table": f"{ORDERS.arn}-archive"})
        bucket.write(other, etag="")
        bucket.write(record(), etag="")
        record_list.mark_deleted(aws.client("s3"), BUCKET, record().key)
        assert [version.key for version in bucket.versions(ORDERS)] == [record().key]


class TestChoose:
    @pytest.fixture
    def written(self, aws, bucket):
        """Write versions by their hour after CREATED: (hours, record)."""

        def write(*versions):
            for hours, version in versions:
                aws.clock.advance(max(0, CREATED.timestamp() + hours * 3600 - aws.clock.now()))
                bucket.write(version, bucket.newest(version.key)[1])

        return write

    @staticmethod
    def hour(hours):
        return CREATED + timedelta(hours=hours)

    def test_no_record(self, bucket):
        assert choose(bucket, ORDERS, called_at=self.hour(9)) is None

    def test_the_version_of_one_hour_before_the_backup(self, bucket, written):
        torn_down = record(settings={"ttl": None, "tags": {"Tags": []}})
        written((1, record(settings={"tags": None})), (4, record()), (9.5, torn_down))
        chosen = choose(bucket, ORDERS, called_at=self.hour(99), backup_at=self.hour(10))
        assert chosen.record == record()
        assert chosen.newer_differs == ("tags", "ttl")

    def test_without_a_backup_the_deletion_counts(self, bucket, written):
        last = record(settings={"ttl": None}, deleted_at=self.hour(10))
        written((4, record()), (9.5, record(settings={"ttl": None})), (12, last))
        assert choose(bucket, ORDERS, called_at=self.hour(99)).record == record()

    def test_without_either_the_restore_call_counts(self, bucket, written):
        written((4, record()), (9.5, record(settings={"ttl": None})))
        assert choose(bucket, ORDERS, called_at=self.hour(10)).record == record()
        assert choose(bucket, ORDERS, called_at=self.hour(11)).record == record(settings={"ttl": None})

    def test_if_no_version_is_old_enough_the_oldest(self, bucket, written):
        written((4, record()), (4.2, record(settings={"ttl": None})))
        chosen = choose(bucket, ORDERS, called_at=self.hour(4.5))
        assert (chosen.record, chosen.newer_differs) == (record(), ("ttl",))

    def test_the_latest_lifetime_before_the_call(self, bucket, written):
        first, second, third = (record(f"id-{n}", created_at=self.hour(n)) for n in (1, 5, 9))
        # The recorder may learn of an end after the next table of that name was recorded.
        written((2, first), (6, second), (7, record("id-1", created_at=self.hour(1), deleted_at=self.hour(4))))
        written((10, third))
        assert choose(bucket, ORDERS, called_at=self.hour(8)).record == second
        assert choose(bucket, ORDERS, called_at=self.hour(20)).record == third
        assert choose(bucket, ORDERS, called_at=self.hour(20), not_table_id="id-9").record == second

    def test_the_lifetime_that_the_backup_names_and_no_other(self, bucket, written):
        written((2, record("id-1")), (6, record("id-2", created_at=self.hour(5))))
        assert choose(bucket, ORDERS, called_at=self.hour(20), table_id="id-1").record.table_id == "id-1"
        assert choose(bucket, ORDERS, called_at=self.hour(20), table_id="id-3") is None

    def test_a_chosen_version_that_is_invalid_is_not_replaced_in_silence(self, aws, bucket, written):
        aws.client("s3").put_object(Bucket=BUCKET, Key=record().key, Body=b"{}")
        written((4, record()))
        with pytest.raises(InvalidRecordError):
            choose(bucket, ORDERS, called_at=self.hour(3))

    def test_a_newer_version_that_is_invalid_does_not_matter(self, aws, bucket, written):
        written((4, record()))
        aws.clock.advance(3600 * 5.5)
        aws.client("s3").put_object(Bucket=BUCKET, Key=record().key, Body=b"{}")
        chosen = choose(bucket, ORDERS, called_at=self.hour(10))
        assert (chosen.record, chosen.newer_differs) == (record(), ())

    def test_a_version_is_found_after_the_object_was_deleted(self, aws, bucket, written):
        written((4, record()))
        aws.client("s3").delete_object(Bucket=BUCKET, Key=record().key)
        assert choose(bucket, ORDERS, called_at=self.hour(10)).record == record()

    def test_a_lifetime_of_whose_record_only_a_part_arrives_is_not_left_out(self, aws, bucket, written):
        written((2, record("id-1")), (6, record("id-2", created_at=self.hour(5))))
        aws.faults.add("GetObject", BODY_CUT, when=lambda call: "id-2" in call.parameters["Key"])
        with pytest.raises(IncompleteReadError):
            choose(bucket, ORDERS, called_at=self.hour(20))

    def test_a_version_that_is_deleted_after_it_was_listed_does_not_count_as_no_record(self, aws, bucket, written):
        written((4, record()))
        aws.faults.add("GetObject", "NoSuchVersion", status=404)
        with pytest.raises(BusyError, match="was deleted while it was read"):
            choose(bucket, ORDERS, called_at=self.hour(10))
        assert choose(bucket, ORDERS, called_at=self.hour(10)).record == record()

    def test_a_single_lifetime_takes_two_calls(self, aws, bucket, written):
        written((4, record()))
        before = len(aws.calls)
        choose(bucket, ORDERS, called_at=self.hour(10))
        assert [call.operation for call in aws.calls[before:]] == ["ListObjectVersions", "GetObject"]


def test_in_force_without_a_time_is_the_newest():
    versions = [ObjectVersion("key", str(n), CREATED + timedelta(hours=n), 1, is_latest=n == 3) for n in (1, 3, 2)]
    assert in_force(versions, None).version_id == "3"


def test_of_versions_of_the_same_second_the_one_that_s3_lists_first_is_newer():
    versions = [ObjectVersion("key", str(n), CREATED, 1, is_latest=False) for n in (3, 2, 1)]
    assert in_force(versions, CREATED + timedelta(hours=2)).version_id == "3"
    assert in_force(versions, CREATED).version_id == "1"
