"""What Terraform grants the function on records and the restore archive, enforced: enough, and nothing unused.

Its other permissions: test_permissions.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from scripts import permissions
from table_sync.settings import SETTINGS
from tests.proof.planned_policies import (
    EVERYTHING,
    KEY,
    NAME,
    OLDER_KEY,
    OUTCOME_EVENTS,
    Planned,
    Result,
    granted,
    harmless,
    unused,
)
from tests.proof.records_account import EmptyAccount
from tests.support.deployment import map_anew
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.outcomes import Listener
from tests.support.pipeline import Pipeline
from tests.support.recorder import BUCKET, encrypt, make_bucket, record_table
from tests.support.restore_events import ACCOUNT, REGION, arn
from tests.support.tables import make_source, settings_of, wait_until_active

if TYPE_CHECKING:
    from tests.support.embedded_aws import EmbeddedAWS

STATEMENTS = {
    "ReadRecords": (["s3:GetObjectVersion"], f"arn:aws:s3:::{BUCKET}/settings/*"),
    "ListRecords": (["s3:ListBucketVersions"], f"arn:aws:s3:::{BUCKET}"),
    "WriteRestores": (["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/restores/v1/{ACCOUNT}/*"),
    "UseKey": (["kms:Decrypt", "kms:GenerateDataKey"], KEY),
    "ReadOlderMessages": (["kms:Decrypt"], [OLDER_KEY]),
}
CONDITIONS = {"ListRecords": {"StringLike": {"s3:prefix": "settings/*"}}}
# What the recorder may write, in its own account.
RECORD = f"arn:aws:s3:::{BUCKET}/settings/v1/{ACCOUNT}/{REGION}/orders/id.json"
# What neither role may do.
NEVER = [
    *((f"s3:{verb}", RECORD) for verb in ("DeleteObject", "DeleteObjectVersion", "PutObjectRetention")),
    *(
        (f"s3:{verb}", f"arn:aws:s3:::{BUCKET}")
        for verb in ("DeleteBucket", "PutBucketPolicy", "PutBucketVersioning", "PutLifecycleConfiguration")
    ),
    ("s3:PutObject", RECORD.replace(ACCOUNT, "999999999999")),
    *((f"dynamodb:{verb}", arn("orders")) for verb in ("DeleteItem", "DeleteTable", "GetItem", "PutItem", "Scan")),
]


def work(policy: dict[str, Any]) -> Result:
    """Restore a deleted table under its own name, and ask for records by hand, under a policy."""
    variables = {"RECORDS_BUCKET": BUCKET, OUTCOME_EVENTS.upper(): "true"}
    with EmptyAccount() as account, Pipeline(account.aws, max_attempts=40, **variables) as pipeline:
        aws, listener = account.aws, Listener(account.aws)
        make_bucket(aws)
        encrypt(aws, OLDER_KEY)
        before, version_id, key = tear_down(aws)
        encrypt(aws, KEY)
        encrypt_queues(aws, pipeline, OLDER_KEY)
        # Both EventBridge and the event history may report a restore.
        aws.cloudtrail.times_delivered = lambda _: 2
        (backup,) = aws.client("dynamodb").list_backups(TableName="orders", BackupType="SYSTEM")["BackupSummaries"]
        aws.client("dynamodb").restore_table_from_backup(BackupArn=backup["BackupArn"], TargetTableName="orders")
        encrypt_queues(aws, pipeline, KEY)
        pipeline.send("not JSON")
        pipeline.enforce_permissions(policy)
        try:
            map_anew(aws, pipeline.function)
            pipeline.run()
            by_hand = {
                asked: pipeline.invoke(source_table="orders", target_table="orders", record=key, version_id=asked)
                for asked in (version_id, "no-such-version")
            }
        except ClientError as refusal:
            return Result([f"the queue cannot be polled: {refusal}"], set())
        aws.permissions.enforced = False
        wait_until_active(aws, "orders")
        aws.clock.advance(120)
        promises = {
            "the table has its settings": settings_of(aws, "orders") == before,
            **promises_of_restore(aws, pipeline, listener, version_id),
            "a version is used as asked": origin(by_hand[version_id]).get("version_id") == version_id,
            "a version that does not exist is told": by_hand["no-such-version"].get("reason")
            == f"the bucket {BUCKET} has no record {key} of version no-such-version",
        }
        return Result([promise for promise, kept in promises.items() if not kept], set(aws.permissions.used))


def promises_of_restore(aws: EmbeddedAWS, pipeline: Pipeline, listener: Listener, version_id: str) -> dict[str, bool]:
    """Return what the module promises of the restore, and whether it has come about."""
    attempts = [attempt for attempt in pipeline.attempts if "attempt" in attempt]
    last = origin(attempts[-1]) if attempts else {}
    s3 = aws.client("s3")
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET, Prefix="restores/").get("Contents", [])]
    archived = [json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys]
    told = [event["detail"]["target"] for event in listener.take()]
    quarantined = [message["body"] for message in pipeline.quarantined]
    return {
        f"the version before the teardown is used, not {last}": (
            (last.get("kind"), last.get("version_id"), last.get("newer_differs")) == ("record", version_id, ["tags"])
        ),
        "the last report is in the archive": (
            [(found["outcome"], bool(found["ended_at"]), found["attempts"]) for found in archived]
            == [("in_sync", True, len(attempts))]
        ),
        f"the restore is processed and announced once, not {told}": told == [arn("orders")],
        f"only the bad message is in the dead-letter queue, not {quarantined}": quarantined == ["not JSON"],
        "the archive can be used": not any("RestoreArchiveFailed" in line for line in pipeline.log),
    }


def origin(report: dict[str, Any]) -> dict[str, Any]:
    """Return from what a restored table got its settings, which a report may not say."""
    return report.get("settings_from") or {}


def tear_down(aws: EmbeddedAWS) -> tuple[dict[str, Any], str, str]:
    """Delete a table of which every setting is recorded, its tags an hour before.

    Returns:
        its settings, and the version and the key of the record that has them.

    """
    make_source(aws)
    before = settings_of(aws, "orders")
    key = record_table().key
    (version,) = aws.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]
    aws.clock.advance(7200)
    dynamodb = aws.client("dynamodb")
    dynamodb.untag_resource(ResourceArn=arn("orders"), TagKeys=sorted(before["tags"]))
    aws.clock.advance(10)
    record_table()
    dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=False)
    wait_until_active(aws, "orders")
    dynamodb.delete_table(TableName="orders")
    aws.clock.advance(60)
    return before, version["VersionId"], key


def encrypt_queues(aws: EmbeddedAWS, pipeline: Pipeline, key_arn: str) -> None:
    for url in (pipeline.function.queue_url, pipeline.function.dlq_url):
        aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key_arn})


@pytest.fixture
def policy(planned: dict[str, dict[str, Planned]]) -> dict[str, Any]:
    return planned["records"]["function"].policy


def added_by_records(planned: dict[str, dict[str, Planned]]) -> list[dict[str, Any]]:
    """Return the statements that the function's role has with records and keys alone."""
    others = planned["all"]["function"].policy["Statement"]
    return [statement for statement in planned["records"]["function"].policy["Statement"] if statement not in others]


def test_everything_works_under_the_role_that_terraform_makes_and_every_action_is_used(planned, policy):
    result = work(policy)
    assert result.broken == []
    assert unused({"Statement": added_by_records(planned)}, result.used) == []


def test_removing_any_action_breaks_something(planned, policy, figures):
    added = added_by_records(planned)
    actions = [(number, action) for number, action in granted(policy) if policy["Statement"][number] in added]
    spare = harmless(policy, actions, lambda less, _: work(less))
    figures("permissions of the function on records", actions=len(actions), harmless_to_remove=len(spare))
    assert spare == []


def test_records_and_keys_grant_nothing_else(planned, policy):
    assert [found for found in planned["all"]["function"].policy["Statement"] if found not in policy["Statement"]] == []
    added = {statement["Sid"]: statement for statement in added_by_records(planned)}
    assert {name: (found["Action"], found["Resource"]) for name, found in added.items()} == STATEMENTS
    of_records = {
        action for name in ("ReadRecords", "ListRecords", "WriteRestores") for action in added[name]["Action"]
    }
    assert of_records == permissions.actions()["enable_records"]
    assert {name: found["Condition"] for name, found in added.items() if "Condition" in found} == CONDITIONS


@pytest.mark.parametrize("role", ["function", "recorder"])
def test_no_role_deletes_a_record_or_reads_or_writes_items(planned, role):
    policy = planned["records"][role].policy
    requests = [AccessRequest("arn:aws:sts::1:x", action, resource) for action, resource in NEVER]
    assert [request.action for request in requests if decision(policy, request) is not None] == []


def test_the_recorder_alone_writes_records(planned):
    request = AccessRequest("arn:aws:sts::1:x", "s3:PutObject", RECORD)
    assert {role: decision(of_role.policy, request) for role, of_role in planned["records"].items()} == {
        "function": None,
        "recorder": True,
    }


def test_the_recorder_changes_no_table(planned):
    policy = planned["records"]["recorder"].policy
    # What one setting writes with, another one may be read with.
    writes = {action for setting in SETTINGS for action in setting.WRITE_ACTIONS}
    writes -= {action for setting in SETTINGS for action in setting.READ_ACTIONS}
    assert [action for _, action in granted(policy) if action in writes] == []


@pytest.mark.parametrize("role", ["function", "recorder"])
def test_a_bucket_of_the_module_and_another_one_take_the_same_permissions(planned, role):
    own, other = (
        [statement for statement in planned[name][role].policy["Statement"] if "s3:" in str(statement["Action"])]
        for name in ("everything", "records")
    )
    text = json.dumps(own)
    (bucket,) = {resource.split(":::")[1].partition("/")[0] for resource in (found["Resource"] for found in own)}
    assert bucket != BUCKET
    assert json.loads(text.replace(bucket, BUCKET).replace(EVERYTHING["name"], NAME)) == other
