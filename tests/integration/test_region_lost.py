"""A Region does not answer, and a restore in another one uses the records that it has kept in a bucket elsewhere."""

import json
import math

import pytest

from table_sync import which_source
from table_sync.settings import SETTINGS
from tests.support.module import allow
from tests.support.pipeline import Pipeline
from tests.support.recorder import BUCKET, DeployedRecorder, make_bucket
from tests.support.restore_events import ACCOUNT, arn
from tests.support.tables import REGION, make_source, make_table, restore, settings_of, wait_until_active

LOST, THIRD, OPT_IN = "us-east-1", "us-west-2", "eu-south-1"
REDIRECTIONS = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"}
# What is bound to its Region.
SKIPPED = {"triggers", "kinesis", "alarms", "event_source_mapping_tags", "resource_policy"}
HELD = {setting.NAME for setting in SETTINGS} - {"on_demand_throughput"}


def enforce(aws, role_arn, listing, prefix, *objects):
    """Have AWS enforce a role's policy: on S3 what records.tf grants, and everything else."""
    bucket = f"arn:aws:s3:::{BUCKET}"
    listed = {"Action": listing, "Resource": bucket, "Condition": {"StringLike": {"s3:prefix": prefix}}}
    statements = [
        {"NotAction": "s3:*", "Resource": "*"},
        listed,
        *({"Action": actions, "Resource": f"{bucket}/{keys}"} for actions, keys in objects),
    ]
    allow(aws, role_arn, *({"Effect": "Allow", **statement} for statement in statements))
    aws.permissions.enforced = True


def record_table_of_lost_region(aws, bucket_region):
    """Make a table and the bucket, and let the recorder of the table's Region sweep twice; return its S3 calls."""
    which_source._last_answers.clear()  # noqa: SLF001 (each test is a process of its own)
    aws.restore_seconds = 10
    make_bucket(aws, region=bucket_region)
    make_source(aws, region=LOST)
    own = f"settings/v1/{ACCOUNT}/*"
    with DeployedRecorder(aws, region=LOST, make_bucket=False) as recorder:
        enforce(aws, recorder.function.role_arn, "s3:ListBucket", own, (["s3:GetObject", "s3:PutObject"], own))
        recorder.sweep()
        recorder.sweep()
        aws.permissions.enforced = False
        assert recorder.metric("TablesNotRecorded") == 0
        assert recorder.record("orders", region=LOST, bucket_region=bucket_region)["unreadable"] == {}
    aws.clock.advance(7200)
    return [call for call in recorder.calls() if call.service == "s3"]


def deployed(aws):
    """Return the pipeline of the Region that is restored into."""
    return Pipeline(aws, RECORDS_BUCKET=BUCKET)


def restore_into_other_region(aws, pipeline, target):
    """Restore the table while its Region gives the function no answer."""
    restore(aws, arn("orders", LOST), target)
    wait_until_active(aws, target)
    aws.faults.add("*", "ReadTimeout", times=math.inf, when=lambda call: call.region == LOST and pipeline.made(call))


def redirections(calls):
    return [call for call in calls if call.error in REDIRECTIONS]


@pytest.mark.parametrize("bucket_region", [REGION, THIRD, OPT_IN])
def test_a_table_of_a_region_that_does_not_answer_gets_its_settings_from_a_bucket_elsewhere(
    aws, figures, bucket_region
):
    redirected = redirections(record_table_of_lost_region(aws, bucket_region))
    assert len(redirected) == 1  # the client remembers the Region
    before = settings_of(aws, "orders", LOST)
    with deployed(aws) as pipeline:
        enforce(
            aws,
            pipeline.function.role_arn,
            "s3:ListBucketVersions",
            "settings/*",
            ("s3:GetObjectVersion", "settings/*"),
            (["s3:GetObject", "s3:PutObject"], f"restores/v1/{ACCOUNT}/*"),
        )
        for target in ("orders-restored", "orders-again"):
            restore_into_other_region(aws, pipeline, target)
            pipeline.run()
            aws.faults.clear()
            attempts = [attempt for attempt in pipeline.attempts if attempt["target"] == arn(target)]
            assert next(attempt["attempt"] for attempt in attempts if "settings_from" in attempt) == 10
            assert (attempts[-1]["outcome"], attempts[-1]["settings_from"]["kind"]) == ("in_sync", "record")
            aws.clock.advance(3700)
            now = settings_of(aws, target)
            assert {name for name in HELD if now[name] != before[name]} <= SKIPPED
            # One of each client: that of records, and the quick one of the restore archive.
            assert len(redirections(pipeline.calls())) == (0 if bucket_region == REGION else 2)
        assert pipeline.quarantined == []
        redirected_function = redirections(pipeline.calls())
    s3 = aws.client("s3", bucket_region)
    archived = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET, Prefix="restores/")["Contents"]]
    reports = [json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in archived]
    assert [report["outcome"] for report in reports] == ["in_sync", "in_sync"]
    figures("requests that S3 redirects", recorder=len(redirected), function=len(redirected_function))


def test_a_bucket_in_the_region_that_does_not_answer_keeps_the_restore_waiting(aws):
    assert redirections(record_table_of_lost_region(aws, LOST)) == []
    with deployed(aws) as pipeline:
        restore_into_other_region(aws, pipeline, "orders-restored")
        attempts = pipeline.run_for(4 * 3600)
        assert len(attempts) > 10
        assert {attempt["outcome"] for attempt in attempts} == {"waiting"}
        assert pipeline.writes() == []
        assert f"{BUCKET}.s3." in attempts[-1]["reason"]
        aws.faults.clear()
        pipeline.run()
        assert pipeline.attempts[-1]["settings_from"] == {"kind": "live"}
        assert pipeline.quarantined == []


def test_an_invocation_that_names_the_record_does_not_wait_for_the_region(aws):
    record_table_of_lost_region(aws, REGION)
    with deployed(aws) as pipeline:
        make_table(aws, "orders-restored")
        aws.faults.add("*", "ReadTimeout", times=math.inf, when=lambda call: call.region == LOST)
        tables = {"source_table": arn("orders", LOST), "target_table": "orders-restored", "dry_run": True}
        assert pipeline.invoke(**tables)["outcome"] == "waiting"
        (listed,) = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="settings/")["Contents"]
        report = pipeline.invoke(**tables, record=listed["Key"])
        assert (report["outcome"], report["settings_from"]["kind"]) == ("differs", "record")
