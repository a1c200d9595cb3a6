"""What the migration from the SAM sample is about: the sample's rule and queue, and restores beside and after it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.tables import make_table, restore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.embedded_aws import EmbeddedAWS
    from tests.support.terraform import Terraform

QUEUE, RULE = "PITR-Event-Queue", "sam-sample"  # CloudFormation makes the rule's name
PATTERN = {
    "detail-type": ["AWS API Call via CloudTrail"],
    "source": ["aws.dynamodb"],
    "detail": {"eventName": ["RestoreTableToPointInTime"], "errorCode": [{"exists": False}]},
}
PARAMETERS = {
    "LambdaFunctionLogLevel": "DEBUG",
    "EnableTTLSettings": "FALSE",
    "EnablePITRSettings": "TRUE",
    "EnableDynamoDBStreamSettings": "false",
}


def migrate(aws: EmbeddedAWS, terraform: Terraform, variables: Mapping[str, Any], function: str) -> dict[str, Any]:
    """Restore tables beside the sample and after the switch.

    Returns: "beside" and "after", each with the targets that "sample" and "module" were told of; "rules" after the
    switch; "environment", that of the module's function.
    """
    region = variables["region"]
    sample_arn, module_arn = (f"arn:aws:sqs:{region}:{aws.account}:{name}" for name in (QUEUE, function))
    _deploy_sample(aws, region, sample_arn)
    make_table(aws, "orders", region=region, indexes=())
    backup = aws.client("dynamodb", region).create_backup(TableName="orders", BackupName="nightly")
    backup_arn = backup["BackupDetails"]["BackupArn"]

    def told(suffix: str) -> dict[str, list[str]]:
        restore(aws, "orders", f"point-in-time-{suffix}", region=region)
        aws.client("dynamodb", region).restore_table_from_backup(
            TargetTableName=f"backup-{suffix}", BackupArn=backup_arn
        )
        return {
            name: sorted(target for target in _targets(aws, arn) if target.endswith(suffix))
            for name, arn in {"sample": sample_arn, "module": module_arn}.items()
        }

    beside = told("beside")
    aws.client("events", region).disable_rule(Name=RULE)
    terraform.apply(**variables, sample_rule_disabled=True)
    configuration = aws.client("lambda", region).get_function_configuration(FunctionName=function)
    return {
        "beside": beside,
        "after": told("after"),
        "rules": set(terraform.output()["rule_names"]),
        "environment": configuration["Environment"]["Variables"],
    }


def _deploy_sample(aws: EmbeddedAWS, region: str, queue_arn: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("sqs", region).create_queue(QueueName=QUEUE, Attributes={"Policy": policy})
    events = aws.client("events", region)
    events.put_rule(Name=RULE, EventPattern=json.dumps(PATTERN))
    events.put_targets(Rule=RULE, Targets=[{"Id": "queue", "Arn": queue_arn}])


def _targets(aws: EmbeddedAWS, queue_arn: str) -> list[str]:
    return [
        json.loads(message.body)["detail"]["requestParameters"]["targetTableName"]
        for message in aws.sqs.messages(queue_arn)
    ]
