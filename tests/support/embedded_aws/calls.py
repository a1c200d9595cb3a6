"""What reaches the embedded AWS: each API call, who made it, and how it ended."""

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")

# In every account, the role of its administrator.
ADMIN_ROLE = "Admin"

# Signing names that are not the service's name in botocore (service models, `signingName` and `endpointPrefix`).
SERVICE_OF_SIGNING_NAME = {"monitoring": "cloudwatch"}


@dataclass(frozen=True)
class Principal:
    """Who made a call: the account, the ARN of user or assumed role, and the access key."""

    account: str
    arn: str
    access_key: str

    @property
    def is_administrator(self) -> bool:
        """Whether it is the administrator of its account, who may do anything there."""
        return self.arn.split(":", 5)[-1].startswith(f"assumed-role/{ADMIN_ROLE}/")


@dataclass
class Call:
    """One API call, as the embedded AWS received it.

    `service` is botocore's name ("dynamodb", "lambda", "application-autoscaling"), `operation` the API's
    ("UpdateTable"), `parameters` the request in the API's shape, `at` epoch seconds, `error` the error code of the
    answer or None, `done` whether the service carried it out, whatever the caller heard. `principal` is who signed it.
    """

    service: str
    operation: str
    region: str
    parameters: dict[str, Any]
    at: float
    principal: Principal | None = None
    error: str | None = None
    done: bool = False
    request: Request | None = field(default=None, repr=False, compare=False)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()), repr=False, compare=False)

    @property
    def name(self) -> str:
        """Service and operation, as IAM writes them: `dynamodb:UpdateTable`."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True)
class Signature:
    """What a request's Signature Version 4 says of it."""

    access_key: str
    region: str
    service: str


def signature(request: Request) -> Signature | None:
    """Return who signed `request` and for what, or None if nobody did (General Reference, Signature Version 4)."""
    match = CREDENTIAL.search(request.headers.get("Authorization", ""))
    if not match:
        return None
    service = SERVICE_OF_SIGNING_NAME.get(match["service"], match["service"])
    if service == "dynamodb" and request.headers.get("X-Amz-Target", "").startswith("DynamoDBStreams"):
        service = "dynamodbstreams"
    return Signature(match["key"], match["region"], service)


def operation_and_parameters(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    """Return the operation's name and its parameters in the API's shape.

    The operation of a request that fits none of the service is empty.
    """
    target = request.headers.get("X-Amz-Target")
    if target and not request.headers.get("smithy-protocol"):
        return target.split(".")[-1], _json_object(request.get_data())
    try:
        model = get_service_model(service)
        uri_parameters: dict[str, Any] = {}
        if request.values.get("Action"):
            operation = model.operation_model(request.values["Action"])
        else:
            operation, uri_parameters = get_service_router(service).match(request)
        parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)](operation)
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.get_data(),
                "url_path": request.path,
                "url_params": uri_parameters,
            }
        )
    except (NotFound, OperationNotFoundError, NotImplementedError, KeyError):
        return "", {}
    return operation.name, dict(parsed or {})


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
