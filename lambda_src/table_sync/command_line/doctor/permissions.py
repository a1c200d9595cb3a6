"""What the roles of function and recorder have to be allowed, and on what, and whether they are, by simulation.

The statements are those of settings.tf, iam.tf and records.tf.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.command_line.doctor.finding import APPLY, Result, listed
from table_sync.settings import SETTINGS, auto_scaling, contributor_insights, kinesis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
# The restore types that name a backup, whose description the function reads (iam.tf).
_OF_BACKUPS = {"aws-backup", "backup"}
# Any table, stream and so on: the module grants its actions on all of the account's.
_ANY = "table-sync-doctor"
_ANY_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Request:
    """What is simulated in one call: on one resource, in one context."""

    resource: str
    context: tuple[tuple[str, str], ...] = ()
    """Condition keys and their values."""


Needed = dict[Request, set[str]]
"""Actions, by what they are requested on."""


def of_function(
    deployment: Deployment, enabled: Collection[str], *, outcome_events: bool, bus: str, bucket: str
) -> Needed:
    """Return what the function's role needs.

    Args:
        deployment: of the module.
        enabled: names of the settings whose toggle is on.
        outcome_events: whether the function sends events.
        bus: ARN of the event bus.
        bucket: of records, "" if there is none.

    """
    requests = _of_both(deployment, deployment.name)
    requests.append(("sqs:SendMessage", Request(deployment.arn("sqs", deployment.dlq_name))))
    if _OF_BACKUPS & deployment.rules().keys():
        requests.append(("dynamodb:DescribeBackup", Request(deployment.arn("dynamodb", f"table/{_ANY}/backup/{_ANY}"))))
    for setting in SETTINGS:
        if setting.NAME in enabled:
            actions = *setting.READ_ACTIONS, *setting.WRITE_ACTIONS
            requests += [(action, _request(deployment, action, setting.NAME)) for action in actions]
    if outcome_events:
        requests.append(("events:PutEvents", Request(bus, (("events:source", "dynamodb-pitr-table-sync"),))))
    if bucket:
        arn, own = _bucket_arn(deployment, bucket), f"v1/{deployment.location.account}/"
        record, restore = Request(f"{arn}/settings/{own}{_ANY}"), Request(f"{arn}/restores/{own}{_ANY}")
        listing = Request(arn, (("s3:prefix", f"settings/{own}{_ANY}"),))
        requests += [("s3:GetObjectVersion", record), ("s3:ListBucketVersions", listing)]
        requests += [("s3:GetObject", restore), ("s3:PutObject", restore)]
    return _by_request(requests)


def of_recorder(deployment: Deployment, bucket: str, *, event_history: bool) -> Needed:
    """Return what the recorder's role needs.

    Args:
        deployment: of the module.
        bucket: of records.
        event_history: whether the recorder queries CloudTrail's event history.

    """
    requests = _of_both(deployment, deployment.recorder_name)
    requests.append(("dynamodb:ListTables", Request("*")))
    requests.append(("sqs:SendMessage", Request(deployment.arn("sqs", deployment.recorder_name))))
    for setting in SETTINGS:
        requests += [(action, _request(deployment, action, setting.NAME)) for action in setting.READ_ACTIONS]
    arn, account, region = _bucket_arn(deployment, bucket), deployment.location.account, deployment.region
    record = Request(f"{arn}/settings/v1/{account}/{_ANY}")
    requests += [("s3:GetObject", record), ("s3:PutObject", record)]
    requests.append(("s3:ListBucket", Request(arn, (("s3:prefix", f"settings/v1/{account}/{_ANY}"),))))
    if event_history:
        state = Request(f"{arn}/event_history/v1/{account}/{region}/{deployment.name}.json")
        requests += [("s3:GetObject", state), ("s3:PutObject", state)]
        requests.append(("s3:ListBucket", Request(arn, (("s3:prefix", f"restores/v1/{account}/{region}/{_ANY}"),))))
        requests.append(("cloudtrail:LookupEvents", Request("*")))
        requests.append(("sqs:SendMessage", Request(deployment.arn("sqs", deployment.name))))
    return _by_request(requests)


def check(deployment: Deployment, role_arn: str, needed: Needed, what_needs: str) -> Result:
    """Simulate the requests; `what_needs` ends the sentence "The role may do all that ...".

    What a resource's own policy says, such as that of a bucket of another account, is not simulated.

    Raises:
        UnreadableError: the caller may not simulate.

    """
    denied = {
        result["EvalActionName"]
        for request, actions in needed.items()
        for result in _simulated(deployment, role_arn, request, actions)
        if result["EvalDecision"] != "allowed"
    }
    found = Result(f"the role may do all that {what_needs} ({len(set().union(*needed.values()))} actions)")
    if denied:
        found.problem(
            f"the role {role_arn.rpartition('/')[2]} may not do {listed(sorted(denied))}",
            f"{APPLY}; if it stays so, a permissions boundary or an organization's policy forbids it",
        )
    return found


def _simulated(deployment: Deployment, role_arn: str, request: Request, actions: set[str]) -> list[dict[str, Any]]:
    return deployment.pages(
        "iam",
        "SimulatePrincipalPolicy",
        "EvaluationResults",
        token="Marker",  # noqa: S106 (no password)
        PolicySourceArn=role_arn,
        ActionNames=sorted(actions),
        ResourceArns=[request.resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in request.context
        ],
    )


def _of_both(deployment: Deployment, name: str) -> list[tuple[str, Request]]:
    """Return what both functions need: to describe tables, and their own queue and log."""
    queue = Request(deployment.arn("sqs", name))
    log_stream = Request(deployment.arn("logs", f"log-group:/aws/lambda/{name}:log-stream:{_ANY}"))
    return [
        ("dynamodb:DescribeTable", Request(deployment.arn("dynamodb", f"table/{_ANY}"))),
        *(
            (f"sqs:{operation}", queue)
            for operation in ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
        ),
        *((f"logs:{operation}", log_stream) for operation in ("CreateLogStream", "PutLogEvents")),
    ]


def _by_request(requests: Iterable[tuple[str, Request]]) -> Needed:
    needed: defaultdict[Request, set[str]] = defaultdict(set)
    for action, request in requests:
        needed[request].add(action)
    return dict(needed)


def _bucket_arn(deployment: Deployment, bucket: str) -> str:
    return f"arn:{deployment.location.partition}:s3:::{bucket}"


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
