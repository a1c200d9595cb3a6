"""The embedded AWS: moto, extended by what moto lacks and by how the real control plane behaves."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self
from unittest.mock import patch

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto import mock_aws
from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber

from tests.support.embedded_aws import bodies, bucket_policies, moto_once
from tests.support.embedded_aws.answers import Answer
from tests.support.embedded_aws.auto_scaling import AutoScaling
from tests.support.embedded_aws.boundary import MOTO_ACCOUNT_KEY, Boundary, NoAnswerError
from tests.support.embedded_aws.calls import ADMIN_ROLE, Call, Principal
from tests.support.embedded_aws.clock import Clock, moto_time
from tests.support.embedded_aws.cloudtrail import CloudTrail
from tests.support.embedded_aws.cloudwatch import CloudWatch
from tests.support.embedded_aws.delays import Delays
from tests.support.embedded_aws.dynamodb import DynamoDB
from tests.support.embedded_aws.events import Events
from tests.support.embedded_aws.faults import CONNECTION_RESET, Faults
from tests.support.embedded_aws.http_requests import http_request
from tests.support.embedded_aws.iam import Iam
from tests.support.embedded_aws.lambda_functions import Lambda
from tests.support.embedded_aws.logs import Logs
from tests.support.embedded_aws.permissions import Permissions
from tests.support.embedded_aws.rate_limits import RateLimits
from tests.support.embedded_aws.sqs import Sqs
from tests.support.embedded_aws.sts import Sts

if TYPE_CHECKING:
    from moto.core.request import Request

    from tests.support.embedded_aws.service import Service

ADMIN = Principal(
    account=DEFAULT_ACCOUNT_ID,
    arn=f"arn:aws:sts::{DEFAULT_ACCOUNT_ID}:assumed-role/{ADMIN_ROLE}/jane.doe@example.com",
    access_key="ASIAEMBEDDEDAWSADMIN",
)
SECRET = "embedded-aws-has-no-secrets"  # noqa: S105 (moto does not check signatures)

RestoreSeconds = float | Callable[[str], float]


class EmbeddedAWS:
    """An AWS of one's own, in this process or on a loopback port, on a clock of its own.

    A context manager; one at a time in a process, because moto's state is the process's.
    """

    _only_one: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, *, server: bool = False, start: float | None = None) -> None:
        """Prepare one; `server` serves it over HTTP on 127.0.0.1, `start` sets its clock (epoch seconds)."""
        self._account = ContextVar("account", default=DEFAULT_ACCOUNT_ID)
        self.clock = Clock(start, running=server)
        self.calls: list[Call] = []
        self.faults = Faults()
        self.permissions = Permissions(self)
        self.rate_limits = RateLimits(self)
        self.restore_seconds: RestoreSeconds = 100.0
        self.concurrent_restores = 50
        self.delays = Delays()
        self.endpoint_url: str | None = None
        self.lock = threading.RLock()
        self.dynamodb = DynamoDB(self)
        self.sqs = Sqs(self)
        self.lambda_ = Lambda(self)
        self.events = Events(self)
        self.cloudtrail = CloudTrail(self)
        self.auto_scaling = AutoScaling(self)
        services: tuple[Service, ...] = (self.dynamodb, self.sqs, self.lambda_, self.events, self.auto_scaling)
        services += (self.cloudtrail, CloudWatch(self), Iam(self), Logs(self), Sts(self))
        self.services = {service.name: service for service in services}
        self._serve = server
        self._principals = {ADMIN.access_key: ADMIN}
        self._boundary = Boundary(self)
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        """Start it, empty; raise RuntimeError if another one runs in this process."""
        if not self._only_one.acquire(blocking=False):
            raise RuntimeError("An embedded AWS already runs in this process; leave its context before the next.")
        with ExitStack() as exits:
            exits.callback(self._only_one.release)
            exits.enter_context(moto_time(self.clock))
            exits.enter_context(moto_once.computed_once())
            exits.enter_context(self.lambda_.patched())
            exits.enter_context(bucket_policies.evaluated())
            if self._serve:
                from tests.support.embedded_aws.server import Server  # noqa: PLC0415 (Flask, wanted only here)

                BackendDict.reset()
                exits.callback(BackendDict.reset)
                self.endpoint_url = exits.enter_context(Server(self._boundary)).endpoint_url
            else:
                exits.enter_context(mock_aws())
                exits.enter_context(bodies.read_as_streams())
                self._ask_moto = botocore_stubber.process_request
                exits.enter_context(patch.object(botocore_stubber, "process_request", self._answer_in_process))
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and undo what it changed in this process."""
        self._exits.close()

    @property
    def account(self) -> str:
        """The account of the call that is being served, outside of calls that of the `in_account` block."""
        return self._account.get()

    @contextmanager
    def in_account(self, account: str) -> Iterator[None]:
        """Act in another account: its administrator makes the calls of clients, and all that is made is there.

        Queues and functions work, and events are delivered, in the account of the block alone.
        """
        token = self._account.set(account)
        try:
            yield
        finally:
            self._account.reset(token)

    def administrator(self, account: str | None = None) -> Principal:
        """Return the administrator of an account, by default of the present one."""
        account = account or self.account
        if account == ADMIN.account:
            return ADMIN
        variables = self.credentials(f"arn:aws:iam::{account}:role/{ADMIN_ROLE}", ADMIN.arn.rsplit("/", 1)[-1])
        return self._principals[variables["AWS_ACCESS_KEY_ID"]]

    def client(
        self,
        service: str,
        region: str = "eu-west-1",
        *,
        access_key: str | None = None,
        parameter_validation: bool = True,
    ) -> BaseClient:
        """Return a boto3 client of `service` (botocore's name) without retries, the administrator's by default.

        Without `parameter_validation` it also sends what botocore would refuse.
        """
        key = access_key or self.administrator().access_key
        # A session makes no two clients at once (boto3 guide, Multithreading with clients).
        with self.lock:
            return _client(service, region, self.endpoint_url, key, parameter_validation)

    def environment(self, role_arn: str | None = None, region: str = "eu-west-1") -> dict[str, str]:
        """Return the environment variables that point an SDK at this AWS, as the administrator or as a role."""
        credentials = self.credentials(role_arn) if role_arn else _credentials(self.administrator().access_key)
        variables = credentials | {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        if self.endpoint_url:
            variables["AWS_ENDPOINT_URL"] = self.endpoint_url
        return variables

    def credentials(self, role_arn: str, session: str = "session") -> dict[str, str]:
        """Return credentials of the role, as environment variables; calls made with them carry it as `principal`."""
        account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        arn = f"arn:{role_arn.split(':')[1]}:sts::{account}:assumed-role/{role}/{session}"
        key = next((p.access_key for p in self._principals.values() if p.arn == arn), None)
        if key is None:
            key = f"ASIA{len(self._principals):016d}"
            self._principals[key] = Principal(account, arn, key)
        return _credentials(key)

    def principal(self, access_key: str) -> Principal:
        """Return who owns `access_key`; a key that nobody was given is the administrator's."""
        return self._principals.get(access_key) or Principal(ADMIN.account, ADMIN.arn, access_key)

    def calls_of(self, *operations: str) -> list[Call]:
        """Return the calls of `operations` ("UpdateTable" or "dynamodb:UpdateTable") in order; of none given, all."""
        return [c for c in self.calls if not operations or c.operation in operations or c.name in operations]

    def _answer_in_process(self, request: AWSPreparedRequest) -> Answer:
        stream = request.body
        if hasattr(stream, "read"):
            # It would be empty for the second of those who read it: the boundary, moto, and the SDK's next try.
            request.body = stream.read()
            stream.seek(0)
        try:
            received = http_request(request)
            return self._boundary.handle(received, lambda: self._answer_of_moto(received))
        except NoAnswerError as lost:
            if lost.crash is not None:
                raise lost.crash from None
            error = ConnectionClosedError if lost.reason == CONNECTION_RESET else ReadTimeoutError
            raise error(endpoint_url=request.url) from lost

    def _answer_of_moto(self, request: "Request") -> Answer:
        request.environ[MOTO_ACCOUNT_KEY] = self.account
        answer = self._ask_moto(request)
        if answer is None:
            raise NotImplementedError(f"{request.url} is no address of AWS, and nothing else is embedded.")
        status, headers, body = answer
        return int(status), dict(headers), body.encode() if isinstance(body, str) else body


@cache
def _session() -> boto3.Session:
    return boto3.Session(botocore_session=botocore.session.Session())


@cache
def _client(
    service: str,
    region: str,
    endpoint_url: str | None,
    access_key: str,
    parameter_validation: bool,  # noqa: FBT001 (a cache knows no other arguments by name)
) -> BaseClient:
    """Return a client, made once in a process: it has no state but its connections."""
    credentials = _credentials(access_key)
    return _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=SECRET,
        aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=parameter_validation),
    )


def _credentials(access_key: str) -> dict[str, str]:
    variables = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": SECRET}
    return variables | ({"AWS_SESSION_TOKEN": "embedded"} if access_key.startswith("ASIA") else {})
