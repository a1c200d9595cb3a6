"""Puts functions and queues into the embedded AWS where a test has no use for Terraform."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.support.embedded_aws import EmbeddedAWS


@dataclass(frozen=True)
class QueuedFunction:
    """A function behind a queue with a dead-letter queue."""

    name: str
    arn: str
    role_arn: str
    queue_url: str
    queue_arn: str
    dlq_url: str
    dlq_arn: str


def zip_of(files: Mapping[str, str], mode: int = 0o644) -> bytes:
    """Return a zip of `files` (path to text), each with `mode`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (0o100000 | mode) << 16
            package.writestr(entry, text)
    return content.getvalue()


def deploy_function(  # noqa: PLR0913 (what differs between tests)
    aws: EmbeddedAWS,
    name: str,
    code: bytes,
    *,
    handler: str = "function.handler",
    layers: Iterable[bytes] = (),
    variables: Mapping[str, str] | None = None,
    region: str = "eu-west-1",
    **settings: Any,
) -> dict[str, Any]:
    """Create a role and a function from zips, and return its configuration; `settings` go to CreateFunction."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    client = aws.client("lambda", region)
    layer_arns = [
        client.publish_layer_version(LayerName=f"{name}-{index}", Content={"ZipFile": layer})["LayerVersionArn"]
        for index, layer in enumerate(layers)
    ]
    configuration: dict[str, Any] = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler=handler,
        Code={"ZipFile": code},
        Layers=layer_arns,
        Environment={"Variables": dict(variables or {})},
        **settings,
    )
    return configuration


def deploy_queued_function(  # noqa: PLR0913 (as above)
    aws: EmbeddedAWS,
    name: str,
    code: bytes,
    *,
    queue_attributes: Mapping[str, str] | None = None,
    max_receive_count: int = 1000,
    batch_size: int = 10,
    response_types: Iterable[str] = ("ReportBatchItemFailures",),
    variables: Mapping[str, str] | None = None,
    region: str = "eu-west-1",
    **settings: Any,
) -> QueuedFunction:
    """Create a queue, its dead-letter queue, a function (see `deploy_function`) and the mapping between them.

    The function gets QUEUE_URL and DLQ_URL in its environment, besides `variables`.
    """
    sqs = aws.client("sqs", region)
    dlq_url, dlq_arn = _queue(sqs, f"{name}-dlq", {})
    redrive = json.dumps({"deadLetterTargetArn": dlq_arn, "maxReceiveCount": max_receive_count})
    queue_url, queue_arn = _queue(sqs, name, {"RedrivePolicy": redrive, **(queue_attributes or {})})
    urls = {"QUEUE_URL": queue_url, "DLQ_URL": dlq_url}
    function = deploy_function(aws, name, code, variables=urls | dict(variables or {}), region=region, **settings)
    aws.client("lambda", region).create_event_source_mapping(
        EventSourceArn=queue_arn,
        FunctionName=name,
        BatchSize=batch_size,
        FunctionResponseTypes=list(response_types),
    )
    return QueuedFunction(name, function["FunctionArn"], function["Role"], queue_url, queue_arn, dlq_url, dlq_arn)


def map_anew(aws: EmbeddedAWS, function: QueuedFunction) -> None:
    """Make the queue's event source mapping anew, which Lambda checks against the function's role.

    Raises:
        botocore.exceptions.ClientError: the role may not poll the queue.

    """
    client = aws.client("lambda")
    for mapping in client.list_event_source_mappings(EventSourceArn=function.queue_arn)["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=mapping["UUID"])
    aws.clock.advance(60)
    client.create_event_source_mapping(
        EventSourceArn=function.queue_arn,
        FunctionName=function.name,
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    aws.clock.advance(60)


def _queue(sqs: Any, name: str, attributes: Mapping[str, str]) -> tuple[str, str]:
    url = sqs.create_queue(QueueName=name, Attributes=dict(attributes))["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
