"""What Terraform tells of an input that is wrong or does nothing: the value, and what to do."""

import json

import pytest

from table_sync.settings import SETTINGS
from tests.support import instances
from tests.support.terraform import REPOSITORY, Terraform, TerraformError

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234"
REFUSED = {
    "space": ({"include_tables": ["orders", "my orders"]}, '"my orders" (a space: remove it)'),
    "table_arn": (
        {"include_tables": ["arn:aws:dynamodb:eu-west-1:111122223333:table/orders"]},
        '"arn:aws:dynamodb:eu-west-1:111122223333:table/orders" (an ARN: give the name after the slash)',
    ),
    "question_mark": ({"include_tables": ["order?"]}, '"order?" (a question mark: use * instead)'),
    "two_asterisks": ({"include_tables": ["prod-**"]}, '"prod-**" (two asterisks: one is enough)'),
    "comma": ({"include_tables": ["a,b"]}, '"a,b" (characters that no table name has: remove them)'),
    "nothing": ({"include_tables": ["orders", "", None]}, '"" (nothing: remove it), null (nothing: remove it)'),
    "excluded": ({"exclude_tables": ["my orders", "x?"]}, '"my orders" (a space: remove it), "x?" (a question mark'),
    "alarm_action": ({"alarm_actions": ["alarms", "arn:aws:sns:eu-west-1:111122223333:alarms"]}, 'Correct "alarms".'),
    "alarm_actions": (
        {"alarm_actions": [f"arn:aws:sns:eu-west-1:111122223333:t{n}" for n in range(6)]},
        "There are 6 alarm_actions, and",
    ),
    "trigger_key": ({"event_source_mapping_kms_key_arns": [KEY, "alias/filters"]}, 'Correct "alias/filters".'),
    "previous_key": ({"previous_kms_key_arns": [KEY, "0ec5"]}, 'Correct "0ec5".'),
    "restore_type": ({"restore_types": ["backup", "pitr"]}, 'Correct "pitr".'),
    "no_restore_type": ({"restore_types": []}, "The list is empty"),
    "subnet": (
        {"vpc_config": {"subnet_ids": ["private"], "security_group_ids": ["sg-1"]}},
        '"private" is not the ID of a subnet.',
    ),
    "security_group": (
        {"vpc_config": {"subnet_ids": ["subnet-1"], "security_group_ids": ["web"]}},
        '"web" is not the ID of a security group.',
    ),
    "bucket": ({"package_s3": {"bucket": "s3://artifacts", "function_key": "a.zip"}}, 'is "s3://artifacts", which'),
}
EACH_OFF = {setting.TOGGLE: False for setting in SETTINGS}
WARNED = {
    "no_setting": (EACH_OFF, "every setting is off: turn on at least one of enable_alarm_settings, "),
    "all": ({"exclude_tables": ["*"]}, "exclude_tables (*) excludes every table that include_tables (all tables)"),
    "same": ({"include_tables": ["orders"], "exclude_tables": ["orders"]}, "include_tables (orders) includes"),
    "partly": ({"include_tables": ["a-1", "b"], "exclude_tables": ["a-*"]}, "The include_tables a-1 have no effect"),
    "regular_expression": ({"include_tables": ["prod-.*"]}, "prod-.* matches only names with a dot there. Use prod-*,"),
    "bus": (
        {
            "enable_outcome_events": False,
            "event_bus_arn": "arn:aws-test:events:xx-test-1:111122223333:event-bus/restores",
        },
        "The event_bus_arn has no effect, because enable_outcome_events is false",
    ),
}
ACCEPTED = {f"only_{setting.NAME}": EACH_OFF | {setting.TOGGLE: True} for setting in SETTINGS if not setting.NEEDS}
ELSEWHERE = {
    "layer_elsewhere": (
        {"powertools_layer_arn": "arn:aws-test:lambda:xx-test-2:111122223333:layer:powertools:3"},
        "(arn:aws-test:lambda:xx-test-2:111122223333:layer:powertools:3) must be of a layer in xx-test-1",
    ),
    "key_elsewhere": (
        {"kms_key_arn": "arn:aws-test:kms:xx-test-2:111122223333:key/1234"},
        "(arn:aws-test:kms:xx-test-2:111122223333:key/1234) must be of a key in xx-test-1",
    ),
    "topic_elsewhere": (
        {"alarm_actions": ["arn:aws-test:sns:xx-test-2:111122223333:alarms"]},
        "must be in xx-test-1, the Region of the alarms, and arn:aws-test:sns:xx-test-2:111122223333:alarms is not",
    ),
}

# Without it, the root module has no provider of which the test could be given a mock.
PROVIDERS = {"required_providers": {"aws": {"source": "hashicorp/aws"}}}


@pytest.fixture
def details(tmp_path, real_terraform):  # noqa: ARG001 (there is a Terraform and a provider)
    """What Terraform says of all cases."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "plan.tftest.hcl").write_text(
        f'mock_provider "aws" {{\n  source = "{REPOSITORY}/tests/mocks"\n}}\n\nrun "plan" {{\n  command = plan\n}}\n'
    )
    modules = {
        "refused": instances.module({name: inputs for name, (inputs, _) in REFUSED.items()}),
        "warned": instances.module({name: inputs for name, (inputs, _) in WARNED.items()}),
        "accepted": instances.module(ACCEPTED),
        # Of one that is refused in a resource, others would not come as far as another resource.
        **{name: {"source": str(REPOSITORY), **inputs} for name, (inputs, _) in ELSEWHERE.items()},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps({"terraform": PROVIDERS, "module": modules}))
    terraform = Terraform(tmp_path)
    terraform.init()
    with terraform.one_provider(), pytest.raises(TerraformError) as refusal:
        terraform.run("test", "-json")
    lines = [json.loads(line) for line in str(refusal.value).splitlines() if line.startswith("{")]
    return [line["diagnostic"]["detail"] for line in lines if "diagnostic" in line]


def test_messages_name_the_value_and_say_what_to_do_and_one_setting_is_enough(details):
    cases = REFUSED | WARNED | ELSEWHERE
    missing = [name for name, (_, words) in cases.items() if not any(words in detail for detail in details)]
    assert missing == [], details
    assert len(details) == len(cases), details
