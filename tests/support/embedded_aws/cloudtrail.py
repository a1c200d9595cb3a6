"""CloudTrail: management calls of DynamoDB become events on the default bus, and entries of the event history.

Sources: EventBridge user guide, "AWS service events delivered via AWS CloudTrail"; CloudTrail user guide, "CloudTrail
record contents", "userIdentity element" and "Working with CloudTrail event history"; CloudTrail API reference,
LookupEvents; DynamoDB developer guide, "Understanding DynamoDB log file entries". EventBridge gets events at once
(really within minutes, at best effort), and only while there is a trail that logs management events. The event history
needs no trail. It has the calls that write: nothing here looks up others. moto answers what is asked about trails.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.embedded_aws.answers import Answer, AwsError, error_message
from tests.support.embedded_aws.calls import Call, Principal
from tests.support.embedded_aws.service import Service

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


# API reference, LookupEvents.
LARGEST_PAGE = 50
HISTORY_SECONDS = 90 * 24 * 3600
ATTRIBUTES: dict[str, Callable[[dict[str, Any]], str]] = {
    "EventId": lambda record: str(record["eventID"]),
    "EventName": lambda record: str(record["eventName"]),
    "EventSource": lambda record: str(record["eventSource"]),
    "ReadOnly": lambda record: str(record["readOnly"]).lower(),
}


def once(_: dict[str, Any]) -> int:
    """Say that an event comes once."""
    return 1


class CloudTrail(Service):
    """CloudTrail in every Region; an event is a record (CloudTrail user guide, CloudTrail record contents).

    `trail`: whether there is a trail that logs management events.
    `times_delivered`: how often EventBridge gets an event, 0 if it is lost; `deliver` sends one once more, or late.
    `times_listed`: how often the event history lists an event, 0 if it is lost.
    `seconds_until_listed`: how long after its call (CloudTrail user guide: about 5 minutes on average); with a function
    events show up in any order.
    """

    name: ClassVar[str] = "cloudtrail"

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Log the calls of `aws`."""
        super().__init__(aws)
        self._aws = aws
        self.trail = True
        self.times_delivered: Callable[[dict[str, Any]], int] = once
        self.times_listed: Callable[[dict[str, Any]], int] = once
        self.seconds_until_listed: float | Callable[[dict[str, Any]], float] = 300.0
        self.history: list[tuple[float, dict[str, Any]]] = []

    def record(self, call: Call, answer: Answer) -> None:
        """Send and keep the event of a call that was answered, if it is one that makes an event."""
        if call.service != "dynamodb" or not call.operation or call.operation in DATA_EVENTS:
            return
        detail = self._record_of(call, answer)
        if not detail["readOnly"]:
            wait = self.seconds_until_listed
            listed_at = call.at + (wait(detail) if callable(wait) else wait)
            self.history += [(listed_at, detail)] * self.times_listed(detail)
        for _ in range(self.times_delivered(detail) if self.trail else 0):
            self.deliver(detail)

    def deliver(self, record: dict[str, Any]) -> None:
        """Send the event of a record to EventBridge."""
        event = {"source": "aws.dynamodb", "detail-type": "AWS API Call via CloudTrail", "detail": record}
        self._aws.events.put(record["awsRegion"], event, read_only=record["readOnly"])

    def check(self, call: Call) -> None:
        """Refuse what LookupEvents does not take, by its own errors."""
        if call.operation == "LookupEvents":
            _check_lookup(call.parameters)
        super().check(call)

    def lookup_events(self, call: Call) -> dict[str, Any]:
        """LookupEvents: the newest first, of one attribute and a time range, 50 a page."""
        asked = {name: value for name, value in call.parameters.items() if name != "NextToken"}
        as_of, start = _position(call.parameters.get("NextToken"), asked, self.now)
        found = [
            record
            for listed_at, record in self.history
            if listed_at <= as_of and record["awsRegion"] == call.region and self._matches(record, asked)
        ]
        found.sort(key=lambda record: str(record["eventTime"]), reverse=True)
        size = call.parameters.get("MaxResults", LARGEST_PAGE)
        more = {"NextToken": _token(asked, as_of, start + size)} if len(found) > start + size else {}
        return {"Events": [_listed(record) for record in found[start : start + size]], **more}

    def _matches(self, record: dict[str, Any], asked: dict[str, Any]) -> bool:
        at = datetime.fromisoformat(record["eventTime"]).timestamp()
        attributes = asked.get("LookupAttributes", [])
        return max(asked.get("StartTime", 0), self.now - HISTORY_SECONDS) <= at <= asked.get("EndTime", at) and all(
            ATTRIBUTES[attribute["AttributeKey"]](record) == attribute["AttributeValue"] for attribute in attributes
        )

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


def _check_lookup(parameters: dict[str, Any]) -> None:
    attributes = parameters.get("LookupAttributes", [])
    if len(attributes) > 1 or any(attribute.get("AttributeKey") not in ATTRIBUTES for attribute in attributes):
        raise AwsError("InvalidLookupAttributesException", "You can use one lookup attribute, of those listed.")
    if not 1 <= parameters.get("MaxResults", LARGEST_PAGE) <= LARGEST_PAGE:
        raise AwsError("InvalidMaxResultsException", f"MaxResults must be from 1 to {LARGEST_PAGE}.")
    if parameters.get("StartTime", 0) > parameters.get("EndTime", float("inf")):
        raise AwsError("InvalidTimeRangeException", "The start time is after the end time.")


def _token(asked: dict[str, Any], as_of: float, start: int) -> str:
    return base64.b64encode(json.dumps([asked, as_of, start], sort_keys=True).encode()).decode()


def _position(token: str | None, asked: dict[str, Any], now: float) -> tuple[float, int]:
    """Return of which moment the pages are, and where the next one begins: a token goes with the same parameters."""
    if token is None:
        return now, 0
    try:
        of, as_of, start = json.loads(base64.b64decode(token))
    except ValueError:
        of, as_of, start = None, 0, 0
    if of != asked:
        raise AwsError("InvalidNextTokenException", "The token is not valid, or is of other parameters.")
    return float(as_of), int(start)


def _listed(record: dict[str, Any]) -> dict[str, Any]:
    """Return an Event (API reference)."""
    identity = record["userIdentity"]
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", {})
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": str(record["readOnly"]).lower(),
        "AccessKeyId": identity.get("accessKeyId", ""),
        "EventTime": datetime.fromisoformat(record["eventTime"]),
        "EventSource": record["eventSource"],
        "Username": identity.get("userName") or issuer.get("userName", ""),
        "Resources": [{"ResourceType": r["type"], "ResourceName": r["ARN"]} for r in record["resources"]],
        "CloudTrailEvent": json.dumps(record),
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
