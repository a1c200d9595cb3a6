"""Tables, ARNs and clients by Region."""

from __future__ import annotations

import math
import os
import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from table_sync.errors import FinalError, OutOfTimeError, this_boto3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Read = TypeVar("Read")
# The queue is what retries: the SDK makes one more try, for a lost connection.
_CLIENT_CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
# For what a restore must not wait for.
_QUICK_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 1})

_TABLE_NAME = r"[a-zA-Z0-9_.-]{3,255}"
_TABLE_ARN = re.compile(
    rf"arn:(?P<partition>aws[a-z-]*):dynamodb:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{{12}}):table/(?P<name>{_TABLE_NAME})"
)


_seconds_left: ContextVar[Callable[[], float]] = ContextVar("seconds_left", default=lambda: math.inf)


# The TableStatus of a table that does not exist any more; DynamoDB has none for it.
DELETED = "DELETED"


def not_ready(status: str, index: str = "") -> str:
    """Say that the target, or an index of it, has a status in which AWS is still working on it."""
    return f"index {index} of the target is {status}" if index else f"the target is {status}"


class TableNotFoundError(Exception):
    """DescribeTable does not find the table."""


class _Loader(botocore.loaders.Loader):  # type: ignore[misc]  # botocore has no types
    """Takes each directory of botocore's data for a service: botocore's own looks into all 400, twice a cold start."""

    def list_available_services(self, _: str) -> list[str]:
        return [name for path in self.search_paths if os.path.isdir(path) for name in os.listdir(path)]  # noqa: PTH112, PTH208


@cache
def _loader(*search_paths: str) -> _Loader:
    return _Loader(search_paths, include_default_search_paths=False)


@cache
def session() -> Any:  # noqa: ANN401 (botocore has no types)
    """Return botocore's session, of which all clients are; to import boto3 besides would make cold starts longer."""
    made = botocore.session.get_session()
    made.register_component("data_loader", _loader(*made.get_component("data_loader").search_paths))
    return made


@cache
def client(service: str, region: str, *, quick: bool = False) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Return the boto3 client of `service` ("dynamodb", "lambda", ...) in `region`, made once.

    A `quick` one gives up after 4 s and does not retry.
    """
    made = session().create_client(service, region_name=region, config=_QUICK_CONFIG if quick else _CLIENT_CONFIG)
    made.meta.events.register("before-call", _check_time)
    return made


@cache
def service_model(service: str) -> Any:  # noqa: ANN401 (botocore has no types)
    """Return botocore's model of a service: its operations, and the shapes that they take and return."""
    return session().get_service_model(service)


@contextmanager
def time_limit(seconds_left: Callable[[], float]) -> Iterator[None]:
    """Have each call inside raise OutOfTimeError before it is sent, once `seconds_left` returns zero or less.

    Checked at the one place that every call passes, so that no loop over pages, indexes or writes can leave it out.
    """
    token = _seconds_left.set(seconds_left)
    try:
        yield
    finally:
        _seconds_left.reset(token)


def is_time_limited() -> bool:
    """Say whether calls are under a time limit."""
    return _seconds_left.get()() < math.inf


def _check_time(**_: object) -> None:
    if _seconds_left.get()() <= 0:
        raise OutOfTimeError("no time is left for another call in this attempt")


def start_session(profile: str | None = None) -> None:
    """Let the clients be those of `profile`, or of the environment, and of no earlier session."""
    for made_once in (session, client, service_model, caller):
        made_once.cache_clear()
    if profile is not None:
        session().set_config_variable("profile", profile)


@cache
def caller(region: str) -> str:
    """Return the ARN of who makes the calls, asked once: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION in Lambda.

    Raises:
        botocore.exceptions.BotoCoreError: STS cannot be reached.

    """
    return str(client("sts", region).get_caller_identity()["Arn"])


@dataclass(frozen=True)
class Location:
    """Where a resource is."""

    partition: str
    """ "aws", "aws-cn", "aws-us-gov", ..."""
    region: str
    account: str

    @classmethod
    def of(cls, arn: str) -> Location:
        """Return where the resource of an ARN is, of which the ARN names Region and account."""
        _, partition, _, region, account, *_ = arn.split(":")
        return cls(partition, region, account)

    @classmethod
    def of_caller(cls, region: str) -> Location:
        """Return where whoever makes the calls has resources in a Region; raise as caller() does."""
        _, partition, _, _, account, *_ = caller(region).split(":")
        return cls(partition, region, account)

    def table_arn(self, name: str) -> str:
        """Return the ARN of the table of that name."""
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account}:table/{name}"


def is_table_name(name: object) -> TypeGuard[str]:
    """Say whether `name` is a legal table name (API reference, CreateTable: 3 to 255 of a-z A-Z 0-9 _ . -)."""
    return isinstance(name, str) and re.fullmatch(_TABLE_NAME, name) is not None


def is_table_arn(arn: object) -> TypeGuard[str]:
    """Say whether `arn` is the ARN of a table."""
    return isinstance(arn, str) and _TABLE_ARN.fullmatch(arn) is not None


@dataclass
class Table:
    """A table and, once described, its last DescribeTable answer."""

    arn: str
    description: Mapping[str, Any] = field(default_factory=dict)
    of_region: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    """What once_in_region() has read, for all tables that share it: by Region and what it is."""
    _read: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Split the ARN.

        Raises:
            ValueError: it is not the ARN of a table.

        """
        match = _TABLE_ARN.fullmatch(self.arn)
        if not match:
            raise ValueError(f"{self.arn!r} is not the ARN of a DynamoDB table.")
        self.region: str = match["region"]
        self.account: str = match["account"]
        self.name: str = match["name"]

    def client(self, service: str) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
        """Return the client of `service` in the table's Region."""
        return client(service, self.region)

    def require_field(self, service: str, shape: str, name: str) -> None:
        """Make sure that a field of AWS's answers can be read: botocore drops what its service model does not have.

        Raises:
            table_sync.errors.FinalError: the runtime's boto3 is older than the field.

        """
        if name not in service_model(service).shape_for(shape).members:
            raise FinalError(f"{this_boto3()} is too old to read {name} of {shape}: update it")

    def once(self, what: str, read: Callable[[], Read]) -> Read:
        """Return what `read` returns, for the settings that share it: one call between two passes or writes."""
        if what not in self._read:
            self._read[what] = read()
        found: Read = self._read[what]
        return found

    def once_in_region(self, what: str, read: Callable[[], Read]) -> Read:
        """Return what `read` returns, for all tables of the Region that share `of_region`.

        Whoever writes to the Region what it lists has to write it into `of_region`, too.
        """
        if (self.region, what) not in self.of_region:
            self.of_region[self.region, what] = read()
        found: Read = self.of_region[self.region, what]
        return found

    def forget(self) -> None:
        """Have once() read anew."""
        self._read.clear()

    def describe(self) -> None:
        """Read the table anew (DescribeTable).

        Raises:
            TableNotFoundError: there is no such table.
            botocore.exceptions.ClientError: AWS refused the call for another reason.

        """
        try:
            self.description = self.client("dynamodb").describe_table(TableName=self.name)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            self.description = {}
            raise TableNotFoundError(f"Table {self.name} was not found in {self.region}.") from error

    def update(self, **parameters: Any) -> None:  # noqa: ANN401 (any parameter of UpdateTable)
        """Make an UpdateTable call, and take the description from its answer.

        Raises:
            botocore.exceptions.ClientError: AWS refused.

        """
        self.description = self.client("dynamodb").update_table(TableName=self.name, **parameters)["TableDescription"]

    @property
    def updating(self) -> str:
        """What an UpdateTable call has set off and is not done with, "" when it is."""
        return "" if self.status == "ACTIVE" else not_ready(self.status)

    @property
    def status(self) -> str:
        """TableStatus: "CREATING", "ACTIVE", "UPDATING", ..."""
        return str(self.description["TableStatus"])

    @property
    def deleted(self) -> bool:
        """Whether the table is gone, and its description is what a record or a backup has of it."""
        return self.description.get("TableStatus") == DELETED

    @property
    def settled(self) -> bool:
        """Whether AWS is done with the table, global secondary indexes included, as it was last described."""
        return bool(self.description) and {self.status, *self.indexes.values()} == {"ACTIVE"}

    @property
    def billing_mode(self) -> str:
        """BillingMode. A table that never was on demand may have no BillingModeSummary (API reference)."""
        return str(self.description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))

    @property
    def indexes(self) -> dict[str, str]:
        """IndexStatus of each global secondary index, by name.

        While a table is restored AWS gives its indexes no status (live probe, October 2026): they have the table's.
        """
        indexes = self.description.get("GlobalSecondaryIndexes", [])
        return {index["IndexName"]: index.get("IndexStatus", self.status) for index in indexes}

    @property
    def stream_view_type(self) -> str | None:
        """StreamViewType of the enabled stream."""
        specification = self.description.get("StreamSpecification", {})
        return specification.get("StreamViewType") if specification.get("StreamEnabled") else None

    @property
    def stream_arn(self) -> str | None:
        """ARN of the enabled stream. LatestStreamArn alone may name a stream that was disabled (API reference)."""
        return self.description.get("LatestStreamArn") if self.stream_view_type else None
