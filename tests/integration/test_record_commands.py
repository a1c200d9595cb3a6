"""`table-sync record` and `table-sync records`, against the embedded AWS."""

import json
import time

import pytest

from table_sync.aws import Table
from table_sync.command_line import cli
from table_sync.records import record as records
from table_sync.records.bucket import Bucket
from table_sync.records.snapshot import snapshot
from table_sync.settings import SETTINGS
from tests.support.tables import REGION, make_source, make_table, restore, settings_of, wait_until_active

BUCKET = "records-of-settings"


@pytest.fixture
def run(aws, monkeypatch, capsys, tmp_path):
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(time, "sleep", aws.clock.sleep)

    def run(*arguments):
        code = cli.main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def bucket(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(BUCKET, REGION)


def described(name):
    table = Table(f"arn:aws:dynamodb:{REGION}:123456789012:table/{name}")
    table.describe()
    return table


def save(aws, bucket, name="orders", **changes):
    """Record a table as the recorder does; `changes` are of the object's JSON."""
    record = snapshot(described(name), None)
    _, etag = bucket.newest(record.key)
    bucket.write(record, etag)
    if changes:
        document = json.loads(records.dumps(record)) | changes
        aws.client("s3").put_object(Bucket=BUCKET, Key=record.key, Body=json.dumps(document))
    return record.key


def give_ttl(aws, attribute):
    specification = {"Enabled": True, "AttributeName": attribute}
    aws.client("dynamodb").update_time_to_live(TableName="orders", TimeToLiveSpecification=specification)
    aws.clock.advance(3700)


def test_a_record_has_every_setting_and_can_be_read_again(aws, run):
    make_source(aws)
    aws.calls.clear()
    code, out, err = run("record", "orders")
    assert (code, err) == (0, "")
    record = records.loads(out.encode())
    assert record.settings.keys() == {setting.NAME for setting in SETTINGS}
    assert record.settings["tags"]["Tags"]
    assert [call.operation for call in aws.calls if not call.operation.startswith(("Describe", "Get", "List"))] == []


def test_a_record_without_what_may_not_be_read_is_an_error_that_says_so(aws, run):
    make_table(aws, "orders", indexes=())
    aws.faults.add("ListTagsOfResource", "AccessDeniedException", "not authorized", times=9)
    code, out, err = run("record", "orders")
    assert code == 1
    assert "tags" not in records.loads(out.encode()).settings
    assert err == (
        "These settings could not be read and are missing from the record: "
        "tags (ListTagsOfResource: AccessDeniedException).\n"
    )


def test_records_show_lifetimes_and_what_changed_between_versions(aws, run, bucket):
    make_table(aws, "orders", indexes=())
    first = save(aws, bucket)
    aws.clock.advance(60)
    give_ttl(aws, "expires_at")
    save(aws, bucket)
    aws.client("dynamodb").delete_table(TableName="orders")
    aws.clock.advance(3600)
    make_table(aws, "orders", indexes=())
    second = save(aws, bucket)

    code, out, err = run("records", "orders", "--bucket", BUCKET)
    assert (code, err) == (0, "")
    lifetimes = [line.split(",")[0] for line in out.splitlines() if line.startswith("TableId")]
    assert lifetimes == [f"TableId {key.rpartition('/')[2].removesuffix('.json')}" for key in (second, first)]
    _, newest, oldest = (part.splitlines() for part in out.split("\nTableId ")[2].split("\n  20"))
    assert newest[1:] == [
        "    ttl: AttributeName: (none) -> expires_at",
        "    ttl: TimeToLiveStatus: (none) -> ENABLED",
    ]
    assert any(line.startswith("    pitr: ") for line in oldest)

    code, out, err = run("records", "orders", "--bucket", BUCKET, "--json")
    report = json.loads(out)
    assert [lifetime["key"] for lifetime in report["lifetimes"]] == [second, first]
    assert [len(lifetime["versions"]) for lifetime in report["lifetimes"]] == [1, 2]
    assert report["lifetimes"][1]["versions"][0]["differences"].keys() == {"ttl"}


def test_a_version_that_cannot_be_used_says_why_and_hides_no_other(aws, run, bucket):
    make_table(aws, "orders", indexes=())
    save(aws, bucket, version=2)
    code, out, _ = run("records", "orders", "--bucket", BUCKET)
    assert code == 0
    assert "    cannot be used: it has version 2, and this function reads records up to version 1" in out
    assert "    pitr: PointInTimeRecoveryStatus: (none) -> ENABLED" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("records", "orders", "--bucket", BUCKET), f"Bucket {BUCKET} has no record of orders in {REGION}"),
        (("records", "orders", "--bucket", "no-such-bucket"), "NoSuchBucket"),
        (("records", "or ders", "--bucket", BUCKET), "neither the name nor the ARN"),
        (("records", "orders"), "--bucket"),
        (("record", "orders"), "Table orders was not found"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_a_mistake_is_one_sentence(run, arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert words in err
    assert len(err.splitlines()) == 1


class TestAsSource:
    @pytest.fixture
    def restored(self, aws, bucket):
        make_source(aws)
        key = save(aws, bucket)
        restore(aws, "orders", "orders-restored")
        wait_until_active(aws, "orders-restored")
        aws.clock.advance(30)
        return key

    @pytest.mark.usefixtures("restored")
    def test_a_file_that_record_has_printed_is_compared_and_synced(self, aws, run, tmp_path):
        _, out, _ = run("record", "orders")
        file = tmp_path / "orders.json"
        file.write_text(out)
        wanted = settings_of(aws, "orders")["tags"]
        aws.client("dynamodb").update_table(TableName="orders", DeletionProtectionEnabled=False)
        aws.client("dynamodb").delete_table(TableName="orders")
        aws.clock.advance(60)
        code, out, err = run("diff", str(file), "orders-restored", "--json")
        assert (code, err) == (2, "")
        report = json.loads(out)
        assert report["settings"]["tags"]["status"] == "differs"
        assert report["settings_from"].keys() == {"kind", "recorded_at", "table_id"}
        code, _, _ = run("sync", str(file), "orders-restored", "--yes", "--only", "tags")
        assert code == 0
        aws.clock.advance(30)
        assert settings_of(aws, "orders-restored")["tags"] == wanted

    def test_an_object_is_compared_by_version(self, aws, run, restored):
        versions = aws.client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
        for query in ("", f"?versionId={versions[0]['VersionId']}"):
            code, out, err = run("diff", f"s3://{BUCKET}/{restored}{query}", "orders-restored", "--json")
            assert (code, err) == (2, "")
            assert json.loads(out)["settings_from"]["kind"] == "record"

    def test_what_is_no_record_gets_one_sentence(self, run, restored, tmp_path):
        (tmp_path / "notes.json").write_text("{}")
        wrong = {
            str(tmp_path / "notes.json"): "cannot be used as a record: it is not a record: it has no version.",
            str(
                tmp_path / "missing.json"
            ): "cannot be read (No such file or directory): give a file that table-sync record has written.",
            str(tmp_path): "cannot be read (Is a directory): give a file that table-sync record has written.",
            f"s3://{BUCKET}/missing.json": "does not exist: check the bucket, the key and the version.",
            f"s3://{BUCKET}/{restored}?versionId=missing": ".",
            f"s3://{BUCKET}": "is not the URI of an object: give s3://BUCKET/KEY or s3://BUCKET/KEY?versionId=ID.",
            f"s3://{BUCKET}/key?version=1": "is not the URI of an object",
            "s3://no-such-bucket-anywhere/key": "NoSuchBucket",
        }
        for source, reason in wrong.items():
            code, out, err = run("diff", source, "orders-restored")
            assert (code, out) == (1, "")
            assert err.count("\n") == 1, err
            assert reason in err
