"""What a role's identity policies allow: each call under a role is checked, and what AWS checks on the caller besides.

Source: Service Authorization Reference (actions, resource types, condition keys of each service); DynamoDB developer
guide, Using IAM for Kinesis Data Streams and DynamoDB; Application Auto Scaling user guide, Permissions validation for
API calls and Service-linked roles; Lambda developer guide, Using Lambda with Amazon SQS, execution role permissions;
CloudWatch service model, DescribeAlarms; error messages in github.com/awslabs/dynamodb-continuous-backup/issues/39 and
github.com/aws-samples/lambda-refarch-webapp/issues/7 (streams), and in
github.com/aws-samples/amazon-cloudwatch-auto-alarms/issues/1 (alarms).

Not modelled: permissions boundaries, session policies, keys of other services than S3 and SQS (keys.py). Resource
policies are the queues' own, and the buckets' (bucket_policies.py).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.iam.exceptions import NotFoundException as IAMNotFoundException
from moto.iam.models import iam_backends

from tests.support.embedded_aws import keys
from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.embedded_aws.stored_objects import bucket_of, object_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call

# These operations have no action of their own (Service Authorization Reference, Amazon SQS, Amazon S3).
_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
# Services whose errors have the code AccessDenied; the others' have AccessDeniedException (service models).
_PLAIN_CODE = {"sqs", "iam", "sts", "cloudwatch", "s3"}
_READS_OF_STREAM = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
# DynamoDB developer guide, Error handling: AccessDeniedException has the status 400 there.
_BAD_REQUEST = 400
_FORBIDDEN = 403


class Permissions:
    """Refuses what no policy of the calling role allows, once `enforced`; the administrator may do anything."""

    def __init__(self, aws: EmbeddedAWS) -> None:
        """Look after `aws`."""
        self._aws = aws
        self.enforced = False
        self.used: set[tuple[str, str]] = set()
        """Action and resource of each request that a policy allowed, reads of streams for other functions aside."""
        self._linked_roles: set[str] = set()

    def check(self, call: Call) -> None:
        """Raise AwsError if the caller is a role that may not make the call."""
        if not self.enforced or call.principal is None or call.principal.is_administrator:
            return
        policies = self._policies(call.principal.arn.split("/")[1], call.principal.account)
        of_keys: list[Need] = [(action, key, {}) for action, key in keys.uses(self._aws, call)]
        for action, resource, context in (*needs(call), *self._of_destinations(call), *of_keys):
            request = AccessRequest(call.principal.arn, action, resource, context)
            if request.resource in self._linked_roles:
                continue
            if not self._allows(policies, request):
                raise AwsError(
                    _code_of_denial(call, request),
                    f"User: {request.principal} is not authorized to perform: {request.action} on resource: "
                    f"{request.resource} because no identity-based policy allows the {request.action} action",
                    _BAD_REQUEST if call.service == "dynamodb" else _FORBIDDEN,
                )
            self.used.add((request.action, request.resource))
            if call.name == "s3:GetObject":
                self._hide_missing_object(call, policies)
            if request.action == "iam:CreateServiceLinkedRole":
                # It is made once in an account, for the first who needs it.
                self._linked_roles.add(request.resource)

    def _hide_missing_object(self, call: Call, policies: list[Mapping[str, Any]]) -> None:
        """Raise AwsError if an object is not there and the caller may not list the bucket (S3 API, GetObject).

        The request has no prefix, so that a permission with a condition on it does not count: the stricter of two
        readings, since the guide does not tell.
        """
        arn = f"arn:aws:s3:::{call.parameters['Bucket']}"
        may_list = self._allows(policies, AccessRequest(call.principal.arn, "s3:ListBucket", arn))  # type: ignore[union-attr]
        if bucket_of(call) and not object_of(call) and not may_list:
            raise AwsError("AccessDenied", "Access Denied", _FORBIDDEN)

    def check_queue_poller(self, role_arn: str, queue_arn: str) -> None:
        """Raise AwsError if a function's role may not do for Lambda what an event source mapping of a queue needs."""
        if not self.enforced:
            return
        for operation in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            if not self._may(role_arn, f"sqs:{operation}", queue_arn):
                raise AwsError(
                    "InvalidParameterValueException",
                    f"The provided execution role does not have permissions to call {operation} on SQS",
                )
            self.used.add((f"sqs:{operation}", queue_arn))

    def check_stream_reader(self, role_arn: str, stream_arn: str) -> None:
        """Raise AwsError if a function's role may not do for Lambda what an event source mapping of a stream needs.

        AWS's example allows all four on the streams of one table (DynamoDB developer guide, IAM policy to allow an AWS
        Lambda function to access DynamoDB stream records).
        """
        if not self.enforced:
            return
        if not all(self._may(role_arn, f"dynamodb:{operation}", stream_arn) for operation in _READS_OF_STREAM):
            raise AwsError(
                "InvalidParameterValueException",
                f"Cannot access stream {stream_arn}. Please ensure the role can perform the GetRecords, "
                "GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.",
            )

    def simulate(self, role_arn: str, action: str, resource: str, context: Mapping[str, str]) -> str | None:
        """Return the decision on a request, as SimulatePrincipalPolicy names it; None if there is no such role."""
        try:
            policies = self._policies(role_arn.rsplit("/", 1)[-1], role_arn.split(":")[4])
        except IAMNotFoundException:
            return None
        decisions = [decision(policy, AccessRequest(role_arn, action, resource, context)) for policy in policies]
        if False in decisions:
            return "explicitDeny"
        return "allowed" if True in decisions else "implicitDeny"

    def _of_destinations(self, call: Call) -> Iterator[Need]:
        """Yield what a description of Kinesis destinations needs on their streams.

        "To describe Amazon Kinesis Data Streams for Amazon DynamoDB for a given DynamoDB table, you must have the
        following permissions" (DynamoDB developer guide, as above): these two and the call's own.
        """
        if call.name != "dynamodb:DescribeKinesisStreamingDestination":
            return
        (_, table_arn, _), *_ = needs(call)
        table = self._aws.dynamodb.find(table_arn)
        for stream in table.kinesis if table else ():
            yield "kinesis:DescribeStreamSummary", stream, {}
            yield "kinesis:DescribeStream", stream, {}

    def _may(self, role_arn: str, action: str, resource: str) -> bool:
        """Say whether a role of the account may do for Lambda what a function's event source mapping needs."""
        policies = self._policies(role_arn.rsplit("/", 1)[-1], self._aws.account)
        return self._allows(policies, AccessRequest(role_arn, action, resource))

    def _policies(self, role_name: str, account: str) -> list[Mapping[str, Any]]:
        role = iam_backends[account]["aws"].get_role(role_name)
        versions = [version for policy in role.managed_policies.values() for version in policy.versions]
        documents = [*role.policies.values(), *(version.document for version in versions if version.is_default)]
        return [json.loads(document) if isinstance(document, str) else document for document in documents]

    @staticmethod
    def _allows(policies: list[Mapping[str, Any]], request: AccessRequest) -> bool:
        decisions = [decision(policy, request) for policy in policies]
        return True in decisions and False not in decisions


def _code_of_denial(call: Call, request: AccessRequest) -> str:
    """Return the code by which a service denies a call (service models)."""
    if call.service == "sqs" and request.action.startswith("kms:"):
        return "KmsAccessDenied"
    return "AccessDenied" if call.service in _PLAIN_CODE else "AccessDeniedException"


# Action, resource, and the condition keys of the request.
Need = tuple[str, str, dict[str, str]]


def needs(call: Call) -> Iterator[Need]:
    """Yield what a signed call needs: its own action first, then what the service checks besides."""
    by_service: dict[str, Callable[[Call], Iterator[Need]]] = {
        "application-autoscaling": _of_auto_scaling,
        "cloudwatch": _of_cloudwatch,
        "dynamodb": _of_dynamodb,
        "events": _of_events,
        "lambda": _of_lambda,
        "logs": _of_logs,
        "s3": _of_s3,
        "sqs": _of_sqs,
        "sts": _of_sts,
    }
    return by_service.get(call.service, _of_others)(call)


def _arn(call: Call, service: str, resource: str, *, region: bool = True) -> str:
    assert call.principal
    partition = call.principal.arn.split(":")[1]
    return f"arn:{partition}:{service}:{call.region if region else ''}:{call.principal.account}:{resource}"


def _linked_role(call: Call, service: str) -> Need:
    role = _arn(call, "iam", f"role/aws-service-role/{service}/AWSServiceRole", region=False)
    return "iam:CreateServiceLinkedRole", role, {"iam:AWSServiceName": service}


def _of_dynamodb(call: Call) -> Iterator[Need]:
    names = [call.parameters.get(key) for key in ("TableName", "ResourceArn", "TargetTableName", "BackupArn")]
    table = next((str(name) for name in names if name), None)
    if table is None:
        yield call.name, "*", {}
        return
    yield call.name, table if table.startswith("arn:") else _arn(call, "dynamodb", f"table/{table}"), {}
    if call.operation == "EnableKinesisStreamingDestination":
        yield "kinesis:ListStreams", "*", {}
        for operation in ("DescribeStream", "DescribeStreamSummary", "PutRecords"):
            yield f"kinesis:{operation}", call.parameters["StreamArn"], {}
        yield _linked_role(call, "kinesisreplication.dynamodb.amazonaws.com")
    if call.operation == "UpdateContributorInsights":
        yield _linked_role(call, "contributorinsights.dynamodb.amazonaws.com")


def _of_auto_scaling(call: Call) -> Iterator[Need]:
    if call.operation.startswith("Describe"):
        yield call.name, "*", {}
        return
    target = call.parameters.get("ResourceARN") or _arn(call, call.service, "scalable-target/0ec5")
    yield call.name, target, {"application-autoscaling:service-namespace": "dynamodb"}
    if call.operation == "RegisterScalableTarget":
        table = _arn(call, "dynamodb", "/".join(call.parameters["ResourceId"].split("/")[:2]))
        yield _linked_role(call, "dynamodb.application-autoscaling.amazonaws.com")
        yield "dynamodb:DescribeTable", table, {}
        yield "dynamodb:UpdateTable", table, {}
    if call.operation == "PutScalingPolicy":
        for operation in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm"):
            yield f"cloudwatch:{operation}", _arn(call, "cloudwatch", "alarm:TargetTracking-0ec5"), {}


def _of_lambda(call: Call) -> Iterator[Need]:
    if call.operation == "GetEventSourceMapping":
        yield call.name, _arn(call, "lambda", f"event-source-mapping:{call.parameters['UUID']}"), {}
    elif call.operation == "CreateEventSourceMapping":
        yield call.name, "*", {"lambda:FunctionArn": call.parameters["FunctionName"]}
    else:
        yield call.name, call.parameters.get("Resource", "*"), {}


def _of_sqs(call: Call) -> Iterator[Need]:
    name = call.parameters.get("QueueName") or call.parameters["QueueUrl"].rsplit("/", 1)[-1]
    yield _ACTIONS.get(call.name, call.name), _arn(call, "sqs", name), {}


def _of_others(call: Call) -> Iterator[Need]:
    yield call.name, "*", {}


def _of_sts(call: Call) -> Iterator[Need]:
    # No permission is needed to ask who one is (STS API reference, GetCallerIdentity).
    if call.operation != "GetCallerIdentity":
        yield call.name, "*", {}


def _of_s3(call: Call) -> Iterator[Need]:
    """Yield what S3 checks (S3 API reference, the permissions of each operation; conditional writes: GetObject too)."""
    assert call.principal
    bucket = f"arn:{call.principal.arn.split(':')[1]}:s3:::{call.parameters.get('Bucket', '')}"
    if "Key" not in call.parameters:
        prefix = call.parameters.get("Prefix")
        yield _ACTIONS.get(call.name, call.name), bucket, {} if prefix is None else {"s3:prefix": prefix}
        return
    versioned = call.operation in {"GetObject", "DeleteObject", "HeadObject"} and "VersionId" in call.parameters
    name = {"HeadObject": "GetObject"}.get(call.operation, call.operation)
    key = f"{bucket}/{call.parameters['Key']}"
    yield f"s3:{name}{'Version' if versioned else ''}", key, {}
    if "IfMatch" in call.parameters:
        yield "s3:GetObject", key, {}


def _of_logs(call: Call) -> Iterator[Need]:
    stream = f"{call.parameters['logGroupName']}:log-stream:{call.parameters.get('logStreamName', '')}"
    yield call.name, _arn(call, "logs", f"log-group:{stream}"), {}


def _of_cloudwatch(call: Call) -> Iterator[Need]:
    alarm = call.parameters.get("AlarmName")
    if call.operation == "DescribeAlarms" and "CompositeAlarm" not in call.parameters.get("AlarmTypes", []):
        alarm = "*"
    yield call.name, _arn(call, "cloudwatch", f"alarm:{alarm}") if alarm else "*", {}


def _of_events(call: Call) -> Iterator[Need]:
    if call.operation != "PutEvents":
        rule = call.parameters.get("Rule") or call.parameters.get("Name")
        yield call.name, _arn(call, "events", f"rule/{rule}") if rule else "*", {}
        return
    for entry in call.parameters.get("Entries", []):
        bus = entry.get("EventBusName", "default")
        keys = {"events:source": entry["Source"], "events:detail-type": entry["DetailType"]}
        yield call.name, bus if bus.startswith("arn:") else _arn(call, "events", f"event-bus/{bus}"), keys
