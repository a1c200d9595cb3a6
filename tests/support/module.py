"""The module's parts by plain API calls, with the names of main.tf: for what needs no Terraform.

tests/integration/test_rehearse_deployed.py runs `doctor` on what Terraform makes of the module.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from table_sync.settings import SETTINGS
from tests.support.deployment import QueuedFunction, deploy_queued_function, zip_of
from tests.support.rules import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.embedded_aws import EmbeddedAWS

NAME = "table-sync"
RULES = {restore_type: f"{NAME}-{restore_type.replace('_', '-')}" for restore_type in PATTERNS}
ALARMS = {
    f"{NAME}-dlq-not-empty": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": f"{NAME}-dlq"}),
    f"{NAME}-errors": ("AWS/Lambda", "Errors", {"FunctionName": NAME}),
}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Module:
    """The parts that tests break."""

    function: QueuedFunction
    layer_arn: str
    mapping_id: str
    rule_arns: dict[str, str]
    """By restore type."""


def deploy_module(aws: EmbeddedAWS, *, enforced: bool = False, **variables: str) -> Module:
    """Make rules, queues, function, layer and alarms, and a trail; `enforced` has AWS enforce IAM."""
    lambda_ = aws.client("lambda")
    layer_arn = lambda_.publish_layer_version(
        LayerName=f"{NAME}-powertools", Content={"ZipFile": zip_of({"python/empty.py": ""})}
    )["LayerVersionArn"]
    function = deploy_queued_function(
        aws,
        NAME,
        zip_of({"function.py": "not run: the runtime is in process"}),
        queue_attributes={"DelaySeconds": "60", "VisibilityTimeout": "720", "MessageRetentionPeriod": "1209600"},
        variables={setting.TOGGLE.upper(): "true" for setting in SETTINGS} | variables,
        Timeout=120,
    )
    lambda_.update_function_configuration(FunctionName=NAME, Layers=[layer_arn])
    aws.clock.advance(60)  # mappings are made in the background
    allow(aws, function.role_arn, EVERYTHING)
    module = Module(function, layer_arn, _mapping_id(aws), _rules(aws, function))
    for url, arn in ((function.queue_url, function.queue_arn), (function.dlq_url, function.dlq_arn)):
        let_send(aws, url, arn, list(module.rule_arns.values()))
    for alarm, (namespace, metric, dimensions) in ALARMS.items():
        make_alarm(aws, alarm, namespace, metric, dimensions)
    make_trail(aws)
    aws.permissions.enforced = enforced
    return module


def allow(aws: EmbeddedAWS, role_arn: str, *statements: Mapping[str, object]) -> None:
    """Give a function's role a policy of these statements."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    role_name = role_arn.rpartition("/")[2]
    aws.client("iam").put_role_policy(RoleName=role_name, PolicyName="table-sync", PolicyDocument=policy)


def let_send(aws: EmbeddedAWS, queue_url: str, queue_arn: str, rule_arns: list[str]) -> None:
    """Let the rules, and nobody else, send to a queue."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": rule_arns},
            "StringEquals": {"aws:SourceAccount": aws.account},
        },
    }
    insecure = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement, insecure]})
    aws.client("sqs").set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})


def make_trail(aws: EmbeddedAWS, name: str = "management") -> None:
    """Make a trail that logs the management events of every Region."""
    aws.client("s3", "us-east-1").create_bucket(Bucket=f"{name}-trail")
    trail = {"Name": name, "S3BucketName": f"{name}-trail", "IsMultiRegionTrail": True}
    aws.client("cloudtrail").create_trail(**trail)
    aws.client("cloudtrail").start_logging(Name=name)


def _mapping_id(aws: EmbeddedAWS) -> str:
    (mapping,) = aws.client("lambda").list_event_source_mappings(FunctionName=NAME)["EventSourceMappings"]
    return str(mapping["UUID"])


def _rules(aws: EmbeddedAWS, function: QueuedFunction) -> dict[str, str]:
    events = aws.client("events")
    arns = {}
    for restore_type, name in RULES.items():
        arns[restore_type] = events.put_rule(Name=name, EventPattern=json.dumps(PATTERNS[restore_type]))["RuleArn"]
        target = {"Id": "queue", "Arn": function.queue_arn, "DeadLetterConfig": {"Arn": function.dlq_arn}}
        events.put_targets(Rule=name, Targets=[target])
    return arns


def make_alarm(aws: EmbeddedAWS, name: str, namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    """Make an alarm on a metric."""
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmDescription=f"{name} went off.",
        Namespace=namespace,
        MetricName=metric,
        Statistic="Sum",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
