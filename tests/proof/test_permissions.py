"""The policies that Terraform makes, enforced: enough for every setting, and nothing that is not used."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scripts import permissions
from table_sync.settings import SETTINGS
from tests.proof.account import SHORT_KINESIS_PRECISION
from tests.proof.planned_policies import (
    KEY,
    ON_EVERYTHING,
    OUTCOME_EVENTS,
    TOGGLES,
    Planned,
    Result,
    granted,
    harmless,
    only,
    unused,
)
from tests.settings import on_demand_throughput
from tests.support.deployment import map_anew
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.outcomes import Listener
from tests.support.pipeline import Pipeline
from tests.support.tables import FILTER, make_function, make_source, make_table, restore, settings_of, wait_until_active

RESOURCES = {
    "application-autoscaling": {"scalable-target/*"},
    "cloudwatch": {"alarm:*"},
    "dynamodb": {"table/*", "table/*/backup/*"},
    "events": {"event-bus/default"},
    "iam": set(),
    "kinesis": {"stream/*"},
    "lambda": {"event-source-mapping:*"},
    "logs": {"log-group:/aws/lambda/table-sync:*"},
    "sqs": {"table-sync", "table-sync-dlq"},
}
OF_DYNAMODB = {"StringEquals": {"application-autoscaling:service-namespace": "dynamodb"}}
CONDITIONS = {
    "application-autoscaling:PutScalingPolicy": OF_DYNAMODB,
    "application-autoscaling:PutScheduledAction": OF_DYNAMODB,
    "application-autoscaling:RegisterScalableTarget": OF_DYNAMODB,
    "events:PutEvents": {"StringEquals": {"events:source": "dynamodb-pitr-table-sync"}},
    "lambda:CreateEventSourceMapping": {
        "ArnLike": {"lambda:FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:*"}
    },
}
PARTS = 4


@pytest.fixture(scope="module")
def policies(planned: dict[str, dict[str, Planned]]) -> dict[str, dict[str, Any]]:
    """Return the policy of the function's role with each toggle alone, with none, and with all."""
    return {name: planned[name]["function"].policy for name in (*TOGGLES, "all", "none")}


def run(policy: dict[str, Any], enabled: set[str]) -> Result:
    """Run under the policy what needs every permission of the toggles."""
    variables = {toggle.upper(): str(toggle in enabled) for toggle in TOGGLES}
    with EmbeddedAWS() as aws, Pipeline(aws, max_attempts=40, **variables) as pipeline:
        aws.delays.kinesis_precision = SHORT_KINESIS_PRECISION
        listener = Listener(aws)
        make_source(aws)
        encrypt_a_filter(aws)
        make_limited(aws)
        restore(aws, "orders", "orders-precise")
        wait_until_active(aws, "orders-precise")
        give_other_precision(aws)
        dynamodb = aws.client("dynamodb")
        backup_arn = back_up_another_table(aws)
        pipeline.send("not JSON")
        aws.client("logs").create_log_group(logGroupName=f"/aws/lambda/{pipeline.function.name}")
        pipeline.enforce_permissions(policy)
        try:
            map_anew(aws, pipeline.function)
            restore(aws, "orders", "orders-restored")
            restore(aws, "limited", "limited-restored", OnDemandThroughputOverride={"MaxReadRequestUnits": 1})
            dynamodb.restore_table_from_backup(BackupArn=backup_arn, TargetTableName="ledger-restored")
            pipeline.run()
        except (
            aws.client("lambda").exceptions.InvalidParameterValueException,
            aws.client("sqs").exceptions.ClientError,
        ):
            return Result(broken=["the queue cannot be polled"], used=set())
        aws.permissions.enforced = False
        for table in ("orders-restored", "limited-restored"):
            wait_until_active(aws, table)
        aws.clock.advance(120)
        return Result(find_broken(aws, pipeline, listener, enabled), set(aws.permissions.used))


def encrypt_a_filter(aws: EmbeddedAWS) -> None:
    stream_arn = aws.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    aws.client("lambda").create_event_source_mapping(
        EventSourceArn=stream_arn,
        FunctionName=make_function(aws, "orders-secret"),
        StartingPosition="LATEST",
        FilterCriteria=FILTER,
        KMSKeyArn=KEY,
    )
    aws.clock.advance(60)


def make_limited(aws: EmbeddedAWS) -> None:
    """Make a table with what no table with auto scaling has."""
    make_table(aws, "limited", billing_mode="PAY_PER_REQUEST", indexes=())
    on_demand_throughput.give(aws, "limited")


# Settings of a deleted table that its backup, or the event source mappings of its stream, still tell.
TOLD_BY_WHAT_IS_LEFT = {"stream", "ttl", "on_demand_throughput", "triggers", "event_source_mapping_tags"}


def back_up_another_table(aws: EmbeddedAWS) -> str:
    """Return the backup of a table whose name another has by now, which only DescribeBackup tells."""
    make_table(aws, "ledger", indexes=())
    backup = aws.client("dynamodb").create_backup(TableName="ledger", BackupName="nightly")
    aws.client("dynamodb").delete_table(TableName="ledger")
    aws.clock.advance(60)
    make_table(aws, "ledger", indexes=())
    return str(backup["BackupDetails"]["BackupArn"])


def give_other_precision(aws: EmbeddedAWS) -> None:
    stream_arn = aws.client("kinesis").describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
    aws.client("dynamodb").enable_kinesis_streaming_destination(TableName="orders-precise", StreamArn=stream_arn)
    aws.clock.advance(30)


def find_broken(aws: EmbeddedAWS, pipeline: Pipeline, listener: Listener, enabled: set[str]) -> list[str]:
    """Return what of the module's promises has not come about."""
    names = [setting.NAME for setting in SETTINGS if setting.TOGGLE in enabled]
    sources = {"orders-restored": "orders", "orders-precise": "orders", "limited-restored": "limited"}
    settings = {table: settings_of(aws, table) for table in (*sources, *sources.values())}
    logged = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{pipeline.function.name}")["events"]
    lines = [line for invocation in pipeline.invocations for line in invocation.log_lines]
    quarantined = {message["body"]: message["reason"] for message in pipeline.quarantined}
    of_ledger = [body for body in quarantined if "ledger" in body]
    # Its other settings nothing tells: it has no record.
    lost = ["the source is gone"] if set(names) - TOLD_BY_WHAT_IS_LEFT else []
    told = {event["detail"]["target"].rpartition("/")[2] for event in listener.take()}
    promises = {
        f"{name} of {table}": settings[table][name] == settings[source][name]
        for table, source in sources.items()
        for name in names
    } | {
        f"the bad messages are in the dead-letter queue, not {quarantined}": (
            list(quarantined.keys() - of_ledger) == ["not JSON"]
            and [(quarantined[body] or "no reason").partition(": ")[0] for body in of_ledger] == lost
        ),
        "every line is in the log": [event["message"] for event in logged] == lines,
        f"the outcomes are told, not {told}": (
            told == ({*sources, "ledger-restored"} if OUTCOME_EVENTS in enabled else set())
        ),
        "no message returns to the queue after an error": not any(
            "returns to the queue after an error" in line for line in lines
        ),
    }
    return [promise for promise, kept in promises.items() if not kept]


def test_everything_works_under_the_role_that_terraform_makes_and_every_action_is_used(policies):
    result = run(policies["all"], set(TOGGLES))
    assert result.broken == []
    assert unused(policies["all"], result.used) == []


@pytest.mark.parametrize("toggle", TOGGLES)
def test_each_toggle_alone_has_what_it_needs_and_nothing_else(policies, toggle):
    result = run(policies[toggle], only(toggle))
    assert result.broken == []
    assert unused(policies[toggle], result.used) == []


def test_a_source_in_another_region_is_read_under_the_role_that_terraform_makes(policies):
    with EmbeddedAWS() as aws, Pipeline(aws, max_attempts=40) as pipeline:
        source = make_source(aws, region="us-east-1")
        pipeline.enforce_permissions(policies["all"])
        restore(aws, source, "orders-restored")
        pipeline.run()
        last = pipeline.attempts[-1]
    assert (last["outcome"], last.get("reason")) == ("in_sync", None)
    skipped = {name for name, outcome in last["settings"].items() if outcome["status"] == "skipped"}
    # What is bound to a Region is read there too, to say that there is something.
    assert skipped == {"kinesis", "triggers", "event_source_mapping_tags", "alarms"}


def test_a_toggle_that_is_off_leaves_no_permission_behind(policies):
    result = run(policies["none"], set())
    assert result.broken == []
    assert {action for _, action in granted(policies["none"])} == permissions.BASE_ACTIONS


@pytest.mark.parametrize("toggle", TOGGLES)
def test_each_toggle_turned_over_changes_its_permissions_and_nothing_else(policies, toggle):
    needed = max(only(toggle) - {toggle}, key=lambda other: len(only(other)), default="none")
    before, after = policies[needed]["Statement"], policies[toggle]["Statement"]
    added = [statement for statement in after if statement not in before]
    assert [statement for statement in before if statement not in after] == []
    assert {action for statement in added for action in statement["Action"]} == permissions.actions()[toggle]


def test_nothing_but_reading_is_granted_on_other_regions_and_on_everything_only_what_takes_no_resource(planned):
    reads = {action for setting in SETTINGS for action in setting.READ_ACTIONS}
    reads |= {"dynamodb:DescribeTable", "dynamodb:DescribeBackup"}
    policy = planned["all"]["function"].policy
    statements = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
    wide = {action for statement in statements if statement["Resource"] == "*" for action in statement["Action"]}
    assert wide == ON_EVERYTHING
    for statement in statements:
        if statement["Resource"] == "*":
            continue
        arn, partition, service, region, account, resource = statement["Resource"].split(":", 5)
        assert (arn, partition, account) == ("arn", "aws", "123456789012")
        assert resource in RESOURCES[service] or statement["Action"] == ["iam:CreateServiceLinkedRole"]
        assert region == ("" if service == "iam" else "eu-west-1") or {*statement["Action"]} <= reads, statement


def test_what_a_resource_does_not_limit_a_condition_does(planned):
    statements = planned["all"]["function"].policy["Statement"]
    conditions = {action: statement.get("Condition") for statement in statements for action in statement["Action"]}
    assert {action: found for action, found in conditions.items() if found} == {
        **CONDITIONS,
        "iam:CreateServiceLinkedRole": conditions["iam:CreateServiceLinkedRole"],
    }
    linked = [statement for statement in statements if statement["Action"] == ["iam:CreateServiceLinkedRole"]]
    for statement in linked:
        service = statement["Resource"].removeprefix("arn:aws:iam::123456789012:role/aws-service-role/")
        assert service.endswith(".amazonaws.com/*")
        assert statement["Condition"] == {"StringEquals": {"iam:AWSServiceName": service.removesuffix("/*")}}


@pytest.mark.parametrize("role", ["function", "recorder"])
def test_the_largest_policy_leaves_room(planned, role):
    # The inline policies of a role have at most 10240 characters in total (IAM user guide, quotas).
    assert planned["everything"][role].characters < 10240 * 0.9


def test_a_dry_run_of_every_setting_needs_the_actions_of_reading_alone():
    reads = sorted({action for setting in SETTINGS for action in setting.READ_ACTIONS} | permissions.BASE_ACTIONS)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": reads, "Resource": "*"}]}
    with EmbeddedAWS() as aws, Pipeline(aws) as pipeline:
        make_source(aws)
        aws.client("dynamodb").restore_table_to_point_in_time(
            SourceTableName="orders", TargetTableName="orders-restored", UseLatestRestorableTime=True
        )
        wait_until_active(aws, "orders-restored")
        pipeline.enforce_permissions(policy)
        report = pipeline.invoke(source_table="orders", target_table="orders-restored", dry_run=True)
    assert report["outcome"] == "differs"
    assert {outcome["status"] for outcome in report["settings"].values()} <= {"differs", "unchanged", "skipped"}


def run_its_user(policy: dict[str, Any], action: str) -> Result:
    """Run the first toggle that uses an action; if that breaks nothing all of them, which takes twice as long."""
    users = [toggle for toggle in TOGGLES if action in permissions.actions()[toggle]]
    result = run(policy, only(users[0]) if users else set())
    return result if result.broken else run(policy, set(TOGGLES))


@pytest.mark.parametrize("part", range(PARTS))
def test_removing_any_action_breaks_something(policies, figures, part):
    policy = policies["all"]
    actions = granted(policy)[part::PARTS]
    # Those that another toggle grants, too, are missed where that one is off: see the toggles alone.
    alone = [
        (number, action)
        for number, action in actions
        if policy["Statement"][number].get("Condition")
        or not any(other == action and index != number for index, other in granted(policy))
    ]
    spare = harmless(policy, alone, run_its_user)
    figures("permissions", actions=len(actions), harmless_to_remove=len(spare))
    assert spare == []


def test_no_policy_names_an_account_region_or_partition_that_is_not_the_caller_s(planned):
    text = json.dumps([role.policy for roles in planned.values() for role in roles.values()])
    assert set(re.findall(r"arn:([a-z-]+):", text)) == {"aws"}
    assert set(re.findall(r"\b\d{12}\b", text)) == {"123456789012"}
    assert set(re.findall(r":(eu-[a-z]+-\d|us-[a-z]+-\d):", text)) == {"eu-west-1"}
