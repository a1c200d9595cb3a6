"""CloudTrail, as far as EventBridge shows it: management calls of DynamoDB become events on the default bus.

Sources: EventBridge user guide, "AWS service events delivered via AWS CloudTrail"; CloudTrail user guide, "CloudTrail
record contents" and "userIdentity element"; DynamoDB developer guide, "Understanding DynamoDB log file entries". A
trail that logs management events is taken for granted; events come at once (really within minutes, at best effort).
"""

import hashlib
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.answers import Answer, error_message
from tests.support.embedded_aws.calls import Call, Principal

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS

SOURCE_IP_ADDRESS = "203.0.113.7"
# DynamoDB developer guide, "Logging DynamoDB operations": these are data events, which EventBridge rules do not get.
DATA_EVENTS = {
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
}


class CloudTrail:
    """The trail of every Region."""

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Log the calls of `aws`."""
        self._aws = aws

    def record(self, call: Call, answer: Answer) -> None:
        """Send the event of a call that was answered, if it is one that makes an event."""
        if call.service != "dynamodb" or not call.operation or call.operation in DATA_EVENTS:
            return
        detail = self._record_of(call, answer)
        event = {"source": "aws.dynamodb", "detail-type": "AWS API Call via CloudTrail", "detail": detail}
        self._aws.events.put(call.region, event, read_only=detail["readOnly"])

    def _record_of(self, call: Call, answer: Answer) -> dict[str, Any]:
        failure = {"errorCode": call.error, "errorMessage": error_message(answer)} if call.error else {}
        return {
            "eventVersion": "1.11",
            "userIdentity": self._identity(call.principal, call.at),
            "eventTime": _time(call.at),
            "eventSource": "dynamodb.amazonaws.com",
            "eventName": call.operation,
            "awsRegion": call.region,
            "sourceIPAddress": SOURCE_IP_ADDRESS,
            "userAgent": call.request.headers.get("User-Agent", "") if call.request else "",
            **failure,
            "requestParameters": _lower_camel_case(call.parameters) or None,
            "responseElements": None,
            "requestID": call.request_id,
            "eventID": str(uuid.uuid4()),
            "readOnly": call.operation.startswith(("Describe", "List", "Get")),
            "resources": [
                {"accountId": self._aws.account, "type": "AWS::DynamoDB::Table", "ARN": arn}
                for arn in _table_arns(call, self._aws.account)
            ],
            "eventType": "AwsApiCall",
            "apiVersion": "2012-08-10",
            "managementEvent": True,
            "recipientAccountId": self._aws.account,
            "eventCategory": "Management",
            "tlsDetails": {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": f"dynamodb.{call.region}.amazonaws.com",
            },
            "sessionCredentialFromConsole": "true",
        }

    def _identity(self, principal: Principal | None, at: float) -> dict[str, Any]:
        if principal is None:
            return {"type": "Unknown"}
        partition, service, resource = (principal.arn.split(":")[part] for part in (1, 2, 5))
        shared = {"arn": principal.arn, "accountId": principal.account, "accessKeyId": principal.access_key}
        if service != "sts":
            name = resource.rsplit("/", 1)[-1]
            return {"type": "IAMUser", "principalId": _unique_id("AIDA", principal.arn), "userName": name} | shared
        role, session = resource.split("/")[1:]
        role_arn = f"arn:{partition}:iam::{principal.account}:role/{role}"
        role_id = _unique_id("AROA", role_arn)
        return {
            "type": "AssumedRole",
            "principalId": f"{role_id}:{session}",
            **shared,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": role_id,
                    "arn": role_arn,
                    "accountId": principal.account,
                    "userName": role,
                },
                "attributes": {"creationDate": _time(at), "mfaAuthenticated": "false"},
            },
        }


def _table_arns(call: Call, account: str) -> list[str]:
    names = ("TableName", "SourceTableName", "SourceTableArn", "TargetTableName", "ResourceArn")
    named = [call.parameters[name] for name in names if isinstance(call.parameters.get(name), str)]
    return [n if n.startswith("arn:") else f"arn:aws:dynamodb:{call.region}:{account}:table/{n}" for n in named]


def _lower_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower_camel_case(item) for name, item in value.items()}
    return [_lower_camel_case(item) for item in value] if isinstance(value, list) else value


def _unique_id(prefix: str, arn: str) -> str:
    return prefix + hashlib.sha256(arn.encode()).hexdigest()[:17].upper()


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
