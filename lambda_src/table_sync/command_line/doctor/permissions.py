"""What the function's role has to be allowed, and on what: the statements of settings.tf and iam.tf."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from table_sync.settings import SETTINGS, auto_scaling, contributor_insights, kinesis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from table_sync.command_line.doctor.deployment import Deployment

_LINKED_ROLE = "iam:CreateServiceLinkedRole"
# By setting: the service whose role it may have to create (settings.tf).
_SERVICES = {
    auto_scaling.NAME: "dynamodb.application-autoscaling.amazonaws.com",
    contributor_insights.NAME: "contributorinsights.dynamodb.amazonaws.com",
    kinesis.NAME: "kinesisreplication.dynamodb.amazonaws.com",
}
# Actions without a resource type, or of calls that name no resource (Service Authorization Reference).
_ON_EVERYTHING = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
    "dynamodb:ListContributorInsights",
    "kinesis:ListStreams",
    "lambda:CreateEventSourceMapping",
    "lambda:ListEventSourceMappings",
}
# Any table, stream and so on: the module grants its actions on all of the account's.
_ANY = "table-sync-doctor"
_ANY_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Request:
    """What is simulated in one call: on one resource, in one context."""

    resource: str
    context: tuple[tuple[str, str], ...] = ()
    """Condition keys and their values."""


def needed(
    deployment: Deployment, enabled: Collection[str], *, outcome_events: bool, bus: str
) -> dict[Request, set[str]]:
    """Return the actions that the function's role needs, by what they are requested on.

    Args:
        deployment: of the module.
        enabled: names of the settings whose toggle is on.
        outcome_events: whether the function sends events.
        bus: ARN of the event bus.

    """
    requests: defaultdict[Request, set[str]] = defaultdict(set)
    for action, request in _needed(deployment, enabled):
        requests[request].add(action)
    if outcome_events:
        requests[Request(bus, (("events:source", "dynamodb-pitr-table-sync"),))].add("events:PutEvents")
    return dict(requests)


def _needed(deployment: Deployment, enabled: Collection[str]) -> Iterator[tuple[str, Request]]:
    arn = deployment.arn
    yield "dynamodb:DescribeTable", Request(arn("dynamodb", f"table/{_ANY}"))
    queue = Request(arn("sqs", deployment.name))
    for operation in ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"):
        yield f"sqs:{operation}", queue
    yield "sqs:SendMessage", Request(arn("sqs", deployment.dlq_name))
    log_stream = Request(arn("logs", f"log-group:/aws/lambda/{deployment.name}:log-stream:{_ANY}"))
    for operation in ("CreateLogStream", "PutLogEvents"):
        yield f"logs:{operation}", log_stream
    for setting in SETTINGS:
        if setting.NAME in enabled:
            for action in (*setting.READ_ACTIONS, *setting.WRITE_ACTIONS):
                yield action, _request(deployment, action, setting.NAME)


def _request(deployment: Deployment, action: str, setting: str) -> Request:
    arn, service = deployment.arn, action.partition(":")[0]
    if action == _LINKED_ROLE:
        principal = _SERVICES[setting]
        location = deployment.location
        role = f"arn:{location.partition}:iam::{location.account}:role/aws-service-role/{principal}/AWSServiceRole"
        return Request(role, (("iam:AWSServiceName", principal),))
    if action == "lambda:CreateEventSourceMapping":
        return Request("*", (("lambda:FunctionArn", arn("lambda", f"function:{_ANY}")),))
    if action in _ON_EVERYTHING:
        return Request("*")
    if service == "application-autoscaling":
        context = (("application-autoscaling:service-namespace", "dynamodb"),)
        return Request(arn(service, f"scalable-target/{_ANY_ID}"), context)
    resources = {
        "cloudwatch": f"alarm:{_ANY}",
        "dynamodb": f"table/{_ANY}",
        "kinesis": f"stream/{_ANY}",
        "lambda": f"event-source-mapping:{_ANY_ID}",
    }
    return Request(arn(service, resources[service]))
