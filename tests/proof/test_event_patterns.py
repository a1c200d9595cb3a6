"""The rules that Terraform plans pass the restores of this account and Region, and nothing else."""

import pytest

from tests.support.embedded_aws.event_patterns import matches
from tests.support.restore_events import EVENTS, arn
from tests.support.rules import CHANGES, PATTERNS

OTHER_ACCOUNT, OTHER_REGION = "111122223333", "us-east-1"


@pytest.fixture
def passed(planned_rules):
    """Return a function that says which rules an event passes."""
    return lambda event: [name for name, pattern in planned_rules["all"].items() if matches(pattern, event)]


def test_the_patterns_are_written_out_for_what_needs_no_terraform(planned_rules):
    assert planned_rules["all"] == PATTERNS
    assert planned_rules["records"] == PATTERNS | {"changes": CHANGES}


def test_only_the_restore_types_that_are_watched_have_a_rule_and_no_rule_names_tables(planned_rules):
    assert planned_rules["some_tables"] == {name: PATTERNS[name] for name in ("aws_backup", "point_in_time")}


@pytest.mark.parametrize("restore_type", EVENTS)
@pytest.mark.parametrize("table", ["orders", "backup", "awsbackup-restore-test-1"])
def test_a_restore_passes_one_rule_whatever_the_tables_are(passed, restore_type, table):
    assert passed(EVENTS[restore_type](table, f"{table}-restored")) == [restore_type]


@pytest.mark.parametrize(
    "event",
    [
        EVENTS["point_in_time"](arn("orders", OTHER_REGION)),
        EVENTS["backup"](
            requestParameters={"backupArn": f"{arn('orders', OTHER_REGION)}/backup/01489602797149-73d8d5bc"}
        ),
        EVENTS["aws_backup"](sourceResourceArn=arn("orders", OTHER_REGION)),
        EVENTS["aws_backup"](sourceResourceArn=f"arn:aws:dynamodb:eu-west-1:{OTHER_ACCOUNT}:table/orders"),
        EVENTS["aws_backup"](resourceType="DynamoDB"),
    ],
    ids=["copy of a table", "copy of a backup", "job from another Region", "job from another account", "plain backup"],
)
def test_a_restore_of_this_account_and_region_passes_wherever_its_source_is(passed, event):
    assert len(passed(event)) == 1


@pytest.mark.parametrize("restore_type", EVENTS)
@pytest.mark.parametrize("elsewhere", [{"account": OTHER_ACCOUNT}, {"region": OTHER_REGION}], ids=str)
def test_an_event_that_another_account_or_region_forwards_passes_no_rule(passed, restore_type, elsewhere):
    # The envelope keeps account and Region in which the event came about (EventBridge user guide, Sending and receiving
    # events between accounts).
    assert passed(EVENTS[restore_type]() | elsewhere) == []


@pytest.mark.parametrize(
    ("restore_type", "detail"),
    [
        ("point_in_time", {"errorCode": "TableAlreadyExistsException"}),
        ("backup", {"errorCode": "BackupNotFoundException"}),
        ("backup", {"eventName": "DeleteTable"}),
        ("backup", {"eventName": "CreateBackup"}),
        ("point_in_time", {"eventSource": "rds.amazonaws.com"}),
        ("aws_backup", {"status": "RUNNING"}),
        ("aws_backup", {"status": "FAILED"}),
        ("aws_backup", {"status": "ABORTED"}),
        ("aws_backup", {"resourceType": "RDS"}),
        ("aws_backup", {"resourceType": "EBS"}),
    ],
    ids=str,
)
def test_nothing_else_passes_a_rule(passed, restore_type, detail):
    assert passed(EVENTS[restore_type](**detail)) == []


@pytest.mark.parametrize("restore_type", EVENTS)
@pytest.mark.parametrize("envelope", [{"source": "aws.s3"}, {"detail-type": "Backup Job State Change"}], ids=str)
def test_an_event_of_another_kind_passes_no_rule(passed, restore_type, envelope):
    assert passed(EVENTS[restore_type]() | envelope) == []
