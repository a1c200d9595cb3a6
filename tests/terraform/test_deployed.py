"""The module as it comes out of `terraform apply`: its outputs, and what AWS then has."""

import json
from pathlib import Path

import pytest
from pytest_terraform import terraform

from tests.support.rules import PATTERNS

pytestmark = pytest.mark.usefixtures("lifecycle", "examples")

RECORDING = Path(__file__).parent / "terraform" / "deployed" / "tf_resources.json"
COMMITTED = RECORDING.read_text() if RECORDING.exists() else ""

HERE = "eu-west-1:123456789012"
ALARMS = [
    *("dlq-not-empty", "errors", "not-received", "throttles", "unanswered"),
    *("lost-aws-backup", "lost-backup", "lost-point-in-time"),
]

RECORDER_OUTPUTS = [
    f"recorder_{what}"
    for what in ("function_arn", "function_name", "log_group_name", "queue_url", "role_arn", "role_name")
]


@terraform("deployed", scope="module")
def test_outputs_name_what_others_wire_to(deployed):
    outputs = dict(deployed.outputs["table_sync"]["value"])
    urls = {name: outputs.pop(name) for name in ("queue_url", "dlq_url")}
    assert urls["queue_url"].endswith("/123456789012/deployed")
    assert urls["dlq_url"].endswith("/123456789012/deployed-dlq")
    assert outputs.pop("event_source_mapping_id")
    assert outputs.pop("retry_window_seconds") > 24 * 3600
    assert outputs == {
        "rule_arns": {
            "aws_backup": f"arn:aws:events:{HERE}:rule/deployed-aws-backup",
            "backup": f"arn:aws:events:{HERE}:rule/deployed-backup",
            "point_in_time": f"arn:aws:events:{HERE}:rule/deployed-point-in-time",
        },
        "rule_names": {
            "aws_backup": "deployed-aws-backup",
            "backup": "deployed-backup",
            "point_in_time": "deployed-point-in-time",
        },
        "queue_arn": f"arn:aws:sqs:{HERE}:deployed",
        "queue_name": "deployed",
        "dlq_arn": f"arn:aws:sqs:{HERE}:deployed-dlq",
        "dlq_name": "deployed-dlq",
        "function_arn": f"arn:aws:lambda:{HERE}:function:deployed",
        "function_name": "deployed",
        "role_arn": "arn:aws:iam::123456789012:role/deployed-eu-west-1",
        "role_name": "deployed-eu-west-1",
        "log_group_name": "/aws/lambda/deployed",
        "log_group_arn": f"arn:aws:logs:{HERE}:log-group:/aws/lambda/deployed",
        "layer_arn": f"arn:aws:lambda:{HERE}:layer:deployed-powertools:1",
        "dlq_alarm_arn": f"arn:aws:cloudwatch:{HERE}:alarm:deployed-dlq-not-empty",
        "alarm_arns": {alarm: f"arn:aws:cloudwatch:{HERE}:alarm:deployed-{alarm}" for alarm in ALARMS},
        "dashboard_name": None,
        # Without enable_records.
        "records_bucket": None,
        **dict.fromkeys(RECORDER_OUTPUTS),
    }


@terraform("deployed", scope="module")
def test_arns_that_the_module_makes_from_names_are_those_of_aws(deployed):
    outputs = deployed.outputs["table_sync"]["value"]
    queue, dlq = deployed.resources["aws_sqs_queue"]["this"], deployed.resources["aws_sqs_queue"]["dlq"]
    assert json.loads(dlq["redrive_allow_policy"])["sourceQueueArns"] == [outputs["queue_arn"]]
    for attributes in (queue, dlq):
        allow, deny = json.loads(attributes["policy"])["Statement"]
        assert sorted(allow["Condition"]["ArnEquals"]["aws:SourceArn"]) == sorted(outputs["rule_arns"].values())
        assert allow["Resource"] == deny["Resource"] == attributes["arn"]


@terraform("deployed", scope="module")
def test_queue_waits_and_gives_up(deployed):
    queue = deployed.resources["aws_sqs_queue"]["this"]
    assert (queue["delay_seconds"], queue["visibility_timeout_seconds"]) == (60, 6 * 120)
    assert json.loads(queue["redrive_policy"]) == {
        "deadLetterTargetArn": deployed.resources["aws_sqs_queue"]["dlq"]["arn"],
        "maxReceiveCount": 1000,
    }
    assert queue["sqs_managed_sse_enabled"]


@terraform("deployed", scope="module")
def test_rules_send_restores_to_the_queue(deployed):
    # One instance of each is all that pytest-terraform keeps; the others are in tests/*.tftest.hcl.
    rule = deployed.resources["aws_cloudwatch_event_rule"]["this"]
    assert rule["name"] in deployed.outputs["table_sync"]["value"]["rule_names"].values()
    assert json.loads(rule["event_pattern"]) in PATTERNS.values()
    target = deployed.resources["aws_cloudwatch_event_target"]["queue"]
    queues = deployed.resources["aws_sqs_queue"]
    assert target["arn"] == queues["this"]["arn"]
    assert target["dead_letter_config"] == [{"arn": queues["dlq"]["arn"]}]


@terraform("deployed", scope="module")
def test_queue_invokes_the_function(deployed):
    outputs = deployed.outputs["table_sync"]["value"]
    mapping = deployed.resources["aws_lambda_event_source_mapping"]["queue"]
    assert mapping["event_source_arn"] == outputs["queue_arn"]
    assert mapping["function_arn"] == outputs["function_arn"]
    assert mapping["enabled"]
    assert mapping["batch_size"] == 10
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
    assert mapping["scaling_config"] == [{"maximum_concurrency": 10}]


@terraform("deployed", scope="module")
def test_function_knows_its_queues(deployed):
    outputs = deployed.outputs["table_sync"]["value"]
    function = deployed.resources["aws_lambda_function"]["this"]
    variables = function["environment"][0]["variables"]
    assert (variables["QUEUE_URL"], variables["DLQ_URL"]) == (outputs["queue_url"], outputs["dlq_url"])
    assert function["layers"] == [outputs["layer_arn"]]
    assert function["role"] == outputs["role_arn"]
    assert function["logging_config"][0]["log_group"] == outputs["log_group_name"]


@terraform("deployed", scope="module")
def test_recording_is_what_terraform_makes(deployed):  # noqa: ARG001 (it writes the recording)
    assert RECORDING.read_text() == COMMITTED, "The recording was out of date and has been written anew: commit it."
