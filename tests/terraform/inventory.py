"""What AWS has of the kinds of resources that the module and its examples make: to see that destroy leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.embedded_aws import EmbeddedAWS

ATTACHED = {
    "aws_cloudwatch_event_target",
    "aws_iam_role_policy",
    "aws_lambda_permission",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_sns_topic_policy",
}
"""Kinds that `inventory` does not list: they go with what they are attached to."""


def inventory(aws: EmbeddedAWS, region: str) -> set[tuple[str, str, str]]:
    """Return kind (as Terraform names it), Region and name of what is in a Region, or is global and has it in its name.

    What AWS makes by itself, such as the default event bus, is left out.
    """
    cloudwatch, events, functions = (aws.client(name, region) for name in ("cloudwatch", "events", "lambda"))
    kms = aws.client("kms", region)
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    names = {
        "aws_cloudwatch_dashboard": [
            entry["DashboardName"]
            for entry in cloudwatch.list_dashboards()["DashboardEntries"]
            if entry["DashboardName"].endswith(region)
        ],
        "aws_cloudwatch_event_bus": [bus["Name"] for bus in events.list_event_buses()["EventBuses"]],
        "aws_cloudwatch_event_rule": [
            rule["Name"]
            for bus in events.list_event_buses()["EventBuses"]
            for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]
        ],
        "aws_cloudwatch_log_group": [
            group["logGroupName"] for group in aws.client("logs", region).describe_log_groups()["logGroups"]
        ],
        "aws_cloudwatch_metric_alarm": [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]],
        "aws_iam_role": [
            role["RoleName"] for role in aws.client("iam").list_roles()["Roles"] if role["RoleName"].endswith(region)
        ],
        # KMS deletes a key days after it was told to (API reference, ScheduleKeyDeletion).
        "aws_kms_key": [key["Description"] for key in keys if key["KeyState"] != "PendingDeletion"],
        "aws_lambda_event_source_mapping": [
            mapping["FunctionArn"] for mapping in functions.list_event_source_mappings()["EventSourceMappings"]
        ],
        "aws_lambda_function": [function["FunctionName"] for function in functions.list_functions()["Functions"]],
        "aws_lambda_layer_version": [layer["LayerName"] for layer in functions.list_layers()["Layers"]],
        "aws_s3_bucket": [
            bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"] if region in bucket["Name"]
        ],
        "aws_sns_topic": [topic["TopicArn"] for topic in aws.client("sns", region).list_topics()["Topics"]],
        "aws_sqs_queue": aws.client("sqs", region).list_queues().get("QueueUrls", []),
    }
    return {(kind, region, name) for kind, listed in names.items() for name in listed if name != "default"}
