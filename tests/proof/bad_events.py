"""Message bodies that are nearly events of a restore: real ones in which something has gone wrong.

Every string in them carries MARK, but for those that a report may name: so MARK in a log line is a part of the event.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from hypothesis import strategies as st

from tests.support.restore_events import ACCOUNT, EVENTS, REGION, arn

MARK = "\N{REFERENCE MARK}"
# What the function reads of an event, and may name: tables, and the kind of event.
READ = {
    *("account", "detail-type", "region", "source"),
    *("awsRegion", "eventName", "eventSource", "recipientAccountId", "errorCode"),
    *("backupArn", "sourceTableArn", "sourceTableName", "targetTableName"),
    *("createdResourceArn", "recoveryPointArn", "resourceType", "sourceResourceArn", "status"),
    *("creationDate", "eventTime", "time"),
}
# "CloudTrail userIdentity element" (user guide).
IDENTITIES: list[Any] = [
    {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root"},
    {"type": "IAMUser", "userName": "jane", "arn": f"arn:aws:iam::{ACCOUNT}:user/jane", "accessKeyId": "AKIAJANE"},
    {
        "type": "AssumedRole",
        "principalId": "AROAJANE:jane@example.com",
        "accessKeyId": "ASIAJANE",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "userName": "Admin"},
            "attributes": {"mfaAuthenticated": "true", "creationDate": "2026-07-15T03:10:01Z"},
            "webIdFederationData": {"federatedProvider": "accounts.example.com", "attributes": {}},
        },
    },
    {"type": "AWSService", "invokedBy": "backup.amazonaws.com"},
    {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "jane", "identityStoreArn": "arn:aws:identitystore:::d-1"}},
    None,
]
TABLES = (
    *["orders", "orders-restored"] * 4,
    *("orders-creating", "orders-missing", "awsbackup-restore-test-orders", "no", "or/ders", "o" * 256),
)
# Of RestoreTableToPointInTime and RestoreTableFromBackup (API reference), as CloudTrail writes parameters.
OVERRIDES: dict[str, Any] = {
    "billingModeOverride": "PAY_PER_REQUEST",
    "globalSecondaryIndexOverride": [{"indexName": "by-customer", "projection": {"projectionType": "ALL"}}],
    "sSESpecificationOverride": {"enabled": True, "sSEType": "KMS"},
    "useLatestRestorableTime": True,
}
REGIONS = (*[REGION] * 8, "us-east-1", "eu-nowhere-9", "EU-WEST-1", "9", "-", "")
ODDITIES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, float("nan"), 2**70),
    *("", "{}", "null", "\0", "\ud800", "\N{COLLISION SYMBOL}", "\u202e", " ", "x" * 70_000),
    *([], {}, [[]], [{}], {"": None}, ["x", {"x": ["x"]}]),
]
# Takes the place of a value that json.dumps could not write.
DEEP = "DEEP"
# What a message may consist of (SQS API reference, SendMessage).
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def marked(value: Any, key: str = "") -> Any:
    """Return the value with MARK in each string that the function has no reason to read."""
    if isinstance(value, dict):
        return {name: marked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return value + MARK if isinstance(value, str) and key not in READ else value


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Return a real event of some restore."""
    kind = draw(st.sampled_from(list(EVENTS)))
    source, target = draw(st.sampled_from(TABLES)), draw(st.sampled_from(TABLES))
    by_arn = kind == "point_in_time" and draw(st.booleans())
    event = EVENTS[kind](arn(source) if by_arn else source, target)
    detail = event["detail"]
    if "userIdentity" in detail:
        detail |= {
            "userIdentity": copy.deepcopy(draw(st.sampled_from(IDENTITIES))),
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "aws-cli/2.31.0",
            "requestID": "0CMQOFSNBRLF4ZB6PGP6Q1FIFRVV4KQNSO5AEMVJF66Q9ASUAAJG",
            "resources": [{"accountId": ACCOUNT, "type": "AWS::DynamoDB::Table", "ARN": arn(source)}],
        }
        names = draw(st.lists(st.sampled_from(sorted(OVERRIDES)), unique=True))
        detail["requestParameters"] |= {name: copy.deepcopy(OVERRIDES[name]) for name in names}
        detail["awsRegion"] = event["region"] = draw(st.sampled_from(REGIONS))
        if draw(st.integers(0, 9)) == 0:
            detail |= {"errorCode": "AccessDenied", "errorMessage": "User: jane is not authorized"}
    return marked(event)


OTHER_ACCOUNT = "999999999999"


@st.composite
def foreign_events(draw: st.DrawFn) -> str:
    """Return the body of an event that another account or Region has forwarded to this one's event bus."""
    kind = draw(st.sampled_from(list(EVENTS)))
    event = EVENTS[kind](draw(st.sampled_from(TABLES[:2])), draw(st.sampled_from(TABLES[:3])))
    account = draw(st.sampled_from([ACCOUNT, OTHER_ACCOUNT]))
    # One of the two at least is another.
    region = draw(st.sampled_from(["us-east-1", "eu-west-2"] if account == ACCOUNT else [REGION, "us-east-1"]))
    event |= {"account": account, "region": region}
    detail = event["detail"]
    if "awsRegion" in detail and draw(st.booleans()):
        detail |= {"recipientAccountId": account, "awsRegion": region}
    elif "awsRegion" in detail and draw(st.booleans()):
        # The envelope is a custom event's, and only the record in it tells.
        event |= {"account": ACCOUNT, "region": REGION}
        detail |= {"recipientAccountId": account, "awsRegion": region}
    return json.dumps(marked(event))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return each container in the value with each of its keys or indexes."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]


def add(container: Any, key: str, value: Any) -> None:
    """Add a value to a dictionary or a list."""
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)


@st.composite
def mutated(draw: st.DrawFn, event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with something dropped, added, or of another value, name, type or depth."""
    for _ in range(draw(st.integers(0, 3))):
        container, key = draw(st.sampled_from(places(event) or [({"": ""}, "")]))
        match draw(st.sampled_from(["drop", "replace", "replace", "add", "rename", "swap"])):
            case "drop":
                del container[key]
            case "replace":
                container[key] = draw(replacement(container[key]))
            case "add":
                add(container, draw(st.sampled_from(sorted(READ))), draw(oddities()))
            case "rename" if isinstance(container, dict):
                container[key.swapcase()] = container.pop(key)
            case "swap":
                other, name = draw(st.sampled_from(places(event)))
                container[key], other[name] = copy.deepcopy(other[name]), copy.deepcopy(container[key])
    return event


def replacement(value: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for what may stand in the place of a value."""
    others = oddities() | st.sampled_from([[value], {"value": value}, json.dumps(value), DEEP])
    if not isinstance(value, str):
        return others
    spoilt = st.text(max_size=5).map(lambda text: value + text + MARK)
    return others | spoilt | st.integers(0, len(value)).map(lambda length: value[:length])


def oddities() -> st.SearchStrategy[Any]:
    """Return a strategy for values that nobody expects."""
    return st.sampled_from(ODDITIES).map(copy.deepcopy).map(marked)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Return what SQS takes as a message body: a mutated event, sometimes damaged as a text, or something else."""
    text = json.dumps(draw(mutated(draw(events()))), ensure_ascii=draw(st.booleans()))
    depth = draw(st.sampled_from([10, 900, 100_000])) if DEEP in text else 0
    text = text.replace(f'"{DEEP}"', "[" * depth + "]" * depth)
    first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    match draw(st.sampled_from([*["whole"] * 15, "truncated", "cut", "doubled", "preceded", "odd", "text"])):
        case "truncated":
            text = text[:last]
        case "cut":
            text = text[:first] + text[last:]
        case "doubled":
            text = text[:last] + text[first:]
        case "preceded":
            text = draw(st.sampled_from(["\ufeff", "\n", ")]}'", "null"])) + text
        case "odd":
            text = json.dumps(draw(oddities()))
        case "text":
            text = draw(st.text()) + MARK
    return FORBIDDEN.sub("", text) or MARK
