"""Each example is applied as it stands to an embedded AWS, and destroyed; and its README tells what it has."""

import pytest

from scripts.terraform_files import bodies
from table_sync.settings import SETTINGS
from tests.support.embedded_aws.event_patterns import matches
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.recovery import bucket_policy
from tests.support.terraform import REPOSITORY
from tests.terraform.examples import DIRECTORY, EXAMPLES
from tests.terraform.inventory import ATTACHED

pytestmark = pytest.mark.usefixtures("lifecycle", "examples")

every_example = pytest.mark.parametrize("example", sorted(EXAMPLES))


@pytest.fixture
def applied(examples, example, real_terraform):  # noqa: ARG001 (it skips without Terraform)
    return examples.result(example)


def declared(kind, directory):
    """Return the names of a configuration's variables or outputs."""
    return set(bodies(kind, directory.glob("*.tf")))


def test_every_example_is_applied():
    assert {path.name for path in DIRECTORY.iterdir() if path.is_dir()} == set(EXAMPLES)


@every_example
def test_readme_names_inputs_and_outputs(example):
    readme = (DIRECTORY / example / "README.md").read_text()
    outputs = declared("output", DIRECTORY / example)
    assert outputs, "An example has outputs."
    missing = {name for name in outputs | declared("variable", DIRECTORY / example) if f"| `{name}` |" not in readme}
    assert not missing


def test_complete_names_every_input_and_the_toggles_that_it_turns_over():
    (module,) = bodies("module", [DIRECTORY / "complete" / "main.tf"]).values()
    named = module.keys() - {"source"}
    toggles = {setting.TOGGLE for setting in SETTINGS}
    assert named - toggles == declared("variable", REPOSITORY) - toggles
    assert named & toggles


def test_basic_has_five_lines():
    assert len((DIRECTORY / "basic" / "main.tf").read_text().splitlines()) == 5


@every_example
def test_apply_makes_what_the_state_says(example, applied):
    assert {kind for kind, _, _ in applied.made} == applied.kinds - ATTACHED
    assert {region for _, region, _ in applied.made} == set(EXAMPLES[example].regions)


@every_example
def test_outputs_have_values(example, applied):
    assert set(applied.outputs) == declared("output", DIRECTORY / example)
    assert all(applied.outputs.values())


@every_example
def test_terraform_warns_of_nothing(applied):
    assert [line for line in applied.lines if "Warning" in line] == []


@pytest.mark.parametrize("example", sorted(name for name, example in EXAMPLES.items() if example.plan_again))
def test_second_plan_changes_nothing(applied):
    assert applied.second_plan == {}


@every_example
def test_destroy_leaves_nothing(applied):
    assert applied.left == set()


@pytest.mark.parametrize("example", ["notifications"])
def test_topic_is_told_outcomes_and_nothing_else(applied):
    outcome = {"source": "dynamodb-pitr-table-sync", "detail-type": "Table Sync Outcome"}
    pattern = applied.seen["pattern"]
    assert matches(pattern, outcome | {"detail": {"outcome": "in_sync"}})
    assert matches(pattern, outcome | {"detail": {"outcome": "failed"}})
    assert not matches(pattern, outcome | {"source": "another", "detail": {"outcome": "failed"}})
    (target,) = applied.seen["targets"]
    assert target["Arn"] == applied.outputs["topic_arn"]
    for alarm in applied.seen["alarms"]:
        assert alarm["AlarmActions"] == alarm["OKActions"] == [applied.outputs["topic_arn"]]


@pytest.mark.parametrize("example", ["notifications"])
@pytest.mark.parametrize(
    ("principal", "alarm", "may"),
    [
        ("cloudwatch.amazonaws.com", "dynamodb-pitr-table-sync-dlq-not-empty", True),
        ("cloudwatch.amazonaws.com", "dynamodb-pitr-table-sync-errors", True),
        ("cloudwatch.amazonaws.com", "another", None),
        ("s3.amazonaws.com", "dynamodb-pitr-table-sync-errors", None),
    ],
)
def test_topic_takes_from_no_other_than_the_alarms_besides(applied, principal, alarm, may):
    arn = applied.outputs["topic_arn"]
    _, _, _, region, account, _ = arn.split(":")
    context = {"aws:SourceAccount": account, "aws:SourceArn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}"}
    request = AccessRequest(principal=principal, action="sns:Publish", resource=arn, context=context)
    assert decision(applied.seen["topic_policy"], request) is may


@pytest.mark.parametrize("example", ["complete", "notifications"])
@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
@pytest.mark.parametrize(
    ("principal", "context", "may"),
    [
        # A condition on source account or ARN would keep EventBridge from encrypted topics (SNS developer guide).
        ("events.amazonaws.com", {}, True),
        ("cloudwatch.amazonaws.com", {"aws:SourceAccount": "123456789012"}, True),
        ("cloudwatch.amazonaws.com", {"aws:SourceAccount": "111122223333"}, None),
    ],
)
def test_who_sends_to_the_topic_may_use_its_key(applied, action, principal, context, may):
    request = AccessRequest(principal=principal, action=action, resource="*", context=context)
    assert decision(applied.seen["key_policy"], request) is may


@pytest.mark.parametrize("example", ["complete", "notifications"])
def test_topic_takes_what_eventbridge_sends(applied):
    # Without a context: a condition would not be met (EventBridge user guide, Amazon SNS permissions).
    topic_arn = applied.outputs.get("topic_arn") or applied.outputs["failed_topic_arn"]
    request = AccessRequest(principal="events.amazonaws.com", action="sns:Publish", resource=topic_arn)
    assert decision(applied.seen["topic_policy"], request)


@pytest.mark.parametrize("example", ["recovery-account"])
def test_both_accounts_have_the_module_and_one_of_them_the_bucket(applied):
    made, bucket = applied.seen["made"], applied.outputs["records_bucket"]
    of_bucket = {resource for resource in made["recovery"] if resource[0] == "aws_s3_bucket"}
    assert of_bucket == {("aws_s3_bucket", "us-east-2", bucket)}
    assert not [resource for resource in made["production"] if resource[0] == "aws_s3_bucket"]
    names = {account: {(kind, name.rsplit("/", 1)[-1]) for kind, _, name in made[account]} for account in made}
    assert {kind for kind, _ in names["production"]} == {kind for kind, _ in names["recovery"]} - {"aws_s3_bucket"}
    functions = {"dynamodb-pitr-table-sync": bucket, "dynamodb-pitr-table-sync-recorder": bucket}
    assert applied.seen["functions"] == {"production": functions, "recovery": functions}
    assert applied.seen["versioning"] == "Enabled"


@pytest.mark.parametrize("example", ["recovery-account"])
def test_buckets_policy_is_the_one_with_which_restores_are_tested(applied):
    roles = (
        f"arn:aws:iam::123456789012:role/dynamodb-pitr-table-sync{suffix}-us-east-2" for suffix in ("-recorder", "")
    )
    assert applied.seen["policy"] == bucket_policy(applied.outputs["records_bucket"], "123456789012", *roles)


@pytest.mark.parametrize("example", ["multi-region"])
def test_both_regions_use_the_bucket_of_one(applied):
    bucket = applied.outputs["records_bucket"]
    assert applied.seen == {"buckets": {"us-east-1": {bucket}, "us-west-2": {bucket}}, "location": "us-west-2"}
    made = {resource for resource in applied.made if resource[0] == "aws_s3_bucket"}
    assert made == {("aws_s3_bucket", "us-west-2", bucket)}


@pytest.mark.parametrize("example", ["migrate-from-sam"])
def test_no_restore_is_looked_after_twice_while_migrating(applied):
    assert applied.seen["beside"] == {"sample": ["point-in-time-beside"], "module": ["backup-beside"]}
    assert applied.seen["after"] == {"sample": [], "module": ["backup-after", "point-in-time-after"]}
    assert set(applied.outputs["rule_names"]) == {"aws_backup", "backup"}
    assert applied.seen["rules"] == {"aws_backup", "backup", "point_in_time"}


@pytest.mark.parametrize("example", ["migrate-from-sam"])
def test_parameters_of_the_sample_become_inputs(applied):
    environment = applied.seen["environment"]
    assert environment["LOG_LEVEL"] == "DEBUG"
    sample = {name: environment[f"ENABLE_{name}"] for name in ("TAG_SETTINGS", "TTL_SETTINGS", "PITR_SETTINGS")}
    assert sample == {"TAG_SETTINGS": "true", "TTL_SETTINGS": "false", "PITR_SETTINGS": "true"}
    assert environment["ENABLE_DYNAMODB_STREAM_SETTINGS"] == environment["ENABLE_DYNAMODB_LAMBDA_TRIGGER"] == "false"
