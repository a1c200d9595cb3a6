"""DynamoDB's tables as its control plane shows them: moto keeps keys, indexes and items, this keeps the rest.

Sources: DynamoDB API reference and botocore's service model; live probes of October 2026 where marked; the fields of
each answer and the wording of the errors are those of tests/facts.
"""

import heapq
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import GlobalSecondaryIndex, StreamShard, Table

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.service import Moto, Service, extends_moto, output_of
from tests.support.embedded_aws.transitions import Lagging, Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call
    from tests.support.embedded_aws.contributor_insights import Insights
    from tests.support.embedded_aws.kinesis_destinations import Destination

ACTIVE = Transition("ACTIVE")
TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
TABLE_ARN = re.compile(r"arn:[^:]+:dynamodb:(?P<region>[^:]*):(?P<account>[^:]*):table/(?P<name>[^/]+)")
# LatestRestorableDateTime is typically 5 minutes before the current time (API reference, UpdateContinuousBackups).
LATEST_RESTORABLE_LAG = 300
MAXIMUM_TAGS = 50
# While a table is CREATING or DELETING these answer, the others refuse.
ALWAYS_ANSWERED = {"DescribeTable", "DeleteTable", "ListTables", "CreateTable"}
CONTINUOUS_BACKUP_OPERATIONS = {"UpdateContinuousBackups", "DescribeContinuousBackups", "CreateBackup"}
TAG_OPERATIONS = {"TagResource", "UntagResource", "ListTagsOfResource"}
# What the description of a table that is DELETING no longer has.
NOT_OF_A_DELETED_TABLE = ("AttributeDefinitions", "CreationDateTime", "KeySchema")


@dataclass
class Stream:
    """A DynamoDB stream that the table has or had."""

    label: str
    arn: str
    view_type: str


@dataclass(eq=False)
class ControlledTable:
    """One table. `moto` has its keys, indexes, throughput, encryption, deletion protection, and its items."""

    moto: Table
    status: Transition
    active_at: float
    tags: Lagging[dict[str, str]]
    updating: str = ""
    """What UpdateTable changes while the table is UPDATING: capacity, indexes, stream, table class."""
    protection_changed: float | None = None
    encryption: Transition = field(default_factory=lambda: Transition("ENABLED"))
    table_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    indexes: dict[str, Transition] = field(default_factory=dict)
    restore: dict[str, Any] | None = None
    streams: list[Stream] = field(default_factory=list)
    on_demand_since: float | None = None
    on_demand_throughput: dict[str, int] | None = None
    index_on_demand_throughput: dict[str, dict[str, int]] = field(default_factory=dict)
    table_class: str | None = None
    table_class_changes: list[float] = field(default_factory=list)
    ttl: Transition = field(default_factory=lambda: Transition("DISABLED"))
    ttl_attribute: str | None = None
    ttl_changed: float | None = None
    recovery_period: int | None = None
    recoverable_since: float = 0.0
    policies: dict[str, Lagging[tuple[str, str] | None]] = field(default_factory=dict)
    kinesis: "dict[str, Destination]" = field(default_factory=dict)
    insights: "dict[str | None, Insights]" = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The table's ARN."""
        arn: str = self.moto.table_arn
        return arn

    @property
    def billing_mode(self) -> str:
        """PROVISIONED or PAY_PER_REQUEST."""
        return self.moto.billing_mode or "PROVISIONED"

    def index_names(self) -> set[str]:
        """Return the names of the global secondary indexes."""
        return {index.name for index in self.moto.global_indexes}


class Tables(Service):
    """The tables of every Region: what they are, and how they come and go."""

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Start without tables."""
        super().__init__(aws)
        self._controlled: dict[Table, ControlledTable] = {}
        self._scheduled: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()

    # What tests and the other services use.

    def tables(self, region: str) -> list[ControlledTable]:
        """Return the tables of a Region."""
        self.settle()
        return [self._known(table) for table in self.backend(region).tables.values()]

    def stream_exists(self, arn: str) -> bool:
        """Whether a table that exists has, or had, the stream."""
        table = self.find(arn)
        return table is not None and any(stream.arn == arn for stream in table.streams)

    def find(self, arn: str) -> ControlledTable | None:
        """Return the table that `arn` (of the table, or of something of it) names, None if there is none."""
        match = TABLE_ARN.match(arn)
        if not match or match["account"] != self.aws.account:
            return None
        self.settle()
        table = self.backend(match["region"]).tables.get(match["name"])
        return None if table is None else self._known(table)

    # Operations.

    def check(self, call: "Call") -> None:
        """Also refuse what a table that is CREATING or DELETING refuses."""
        super().check(call)
        if call.operation in ALWAYS_ANSWERED:
            return
        for name in _named_tables(call):
            table = self.find(self._arn(call.region, name))
            status = table.status.status(self.now) if table else ""
            if table and status in {"CREATING", "DELETING"}:
                raise _not_there_yet_or_any_more(call, table, status)

    @extends_moto
    def create_table(self, call: "Call", moto: Moto) -> dict[str, Any]:
        """CreateTable: CREATING for `delays.create_table`, by default no longer than the answer says."""
        sent = call.parameters
        if not TABLE_NAME.fullmatch(sent["TableName"]):
            raise invalid(
                "TableName must be at least 3 characters long and at most 255 characters long: [a-zA-Z0-9_.-]+"
            )
        existing = self.find(self._arn(call.region, sent["TableName"]))
        if existing and existing.restore and existing.status.status(self.now) == "CREATING":
            raise in_use(f"Table is being used: {sent['TableName']}")
        if existing:
            raise AwsError("ResourceInUseException", f"Table already exists: {sent['TableName']}")
        _check_billing_mode(sent)
        tags = {tag["Key"]: tag["Value"] for tag in sent.get("Tags", [])}
        check_tags(tags)
        output_of(moto)
        table = self.backend(call.region).tables[sent["TableName"]]
        controlled = self.control(
            table, Transition("CREATING", "ACTIVE", self.now + self.aws.delays.create_table), tags
        )
        controlled.on_demand_throughput = sent.get("OnDemandThroughput")
        for index in sent.get("GlobalSecondaryIndexes", []):
            if "OnDemandThroughput" in index:
                controlled.index_on_demand_throughput[index["IndexName"]] = index["OnDemandThroughput"]
        if sent.get("TableClass", "STANDARD") != "STANDARD":
            controlled.table_class = sent["TableClass"]
        if sent.get("ResourcePolicy"):
            controlled.policies[controlled.arn] = Lagging((sent["ResourcePolicy"], str(int(self.now * 1000))))
        specification = sent.get("StreamSpecification", {})
        if specification.get("StreamEnabled"):
            self.enable_stream(controlled, specification["StreamViewType"])
        return {"TableDescription": self.described(controlled, "CREATING")}

    def describe_table(self, call: "Call") -> dict[str, Any]:
        """DescribeTable, in every status."""
        return {"Table": self.described(self.table(call))}

    def delete_table(self, call: "Call") -> dict[str, Any]:
        """DeleteTable: DELETING for `delays.delete_table`."""
        table = self.table(call)
        status = table.status.status(self.now)
        if table.moto.deletion_protection_enabled:
            message = "Resource cannot be deleted as it is currently protected against deletion."
            raise invalid(f"{message} Disable deletion protection first.")
        if status != "ACTIVE":
            raise in_use(_why_not_deleted(table, status))
        table.status = Transition("DELETING")
        self.schedule(self.now + self.aws.delays.delete_table, lambda _: self._drop(table))
        return {"TableDescription": self.described(table)}

    # How it works.

    def backend(self, region: str) -> DynamoDBBackend:
        """Return moto's backend of a Region."""
        return dynamodb_backends[self.aws.account][region]

    def schedule(self, at: float, action: Callable[[float], None]) -> None:
        """Have `action` done at a point in time (epoch seconds), which it is given."""
        account = self.aws.account

        def act(at: float) -> None:
            with self.aws.in_account(account):
                action(at)

        heapq.heappush(self._scheduled, (at, next(self._order), act))

    def settle(self) -> None:
        """Do what is due, in the order of time."""
        while self._scheduled and self._scheduled[0][0] <= self.now:
            at, _, action = heapq.heappop(self._scheduled)
            action(at)

    def table(self, call: "Call", parameter: str = "TableName") -> ControlledTable:
        """Return the table that a parameter names, by name or ARN; raise AwsError if there is none."""
        named = call.parameters.get(parameter, "")
        arn = self._arn(call.region, named)
        match = TABLE_ARN.fullmatch(arn)
        table = self.find(arn) if match and match["region"] == call.region else None
        if table is None:
            raise not_found(call, arn.split("table/")[-1])
        return table

    def restorable_window(self, table: ControlledTable) -> tuple[float, float]:
        """Return the earliest and the latest restorable time (epoch seconds)."""
        period = (table.recovery_period or 0) * 86400
        earliest = max(table.recoverable_since, self.now - period)
        return earliest, max(earliest, self.now - LATEST_RESTORABLE_LAG)

    def _drop(self, table: ControlledTable) -> None:
        del self.backend(table.moto.region_name).tables[table.moto.name], self._controlled[table.moto]

    def control(self, table: Table, status: Transition, tags: dict[str, str] | None = None) -> ControlledTable:
        """Take control of a table that moto has just made."""
        controlled = ControlledTable(
            moto=table, status=status, active_at=max(status.at, self.now), tags=Lagging(dict(tags or {}))
        )
        if controlled.billing_mode == "PAY_PER_REQUEST":
            controlled.on_demand_since = self.now
        self._controlled[table] = controlled
        return controlled

    def described(self, table: ControlledTable, status: str | None = None) -> dict[str, Any]:
        """Return a TableDescription, as it is in `status` (by default the present one)."""
        description: dict[str, Any] = table.moto.describe("Table")["Table"]
        status = status or table.status.status(self.now)
        description |= {
            "TableStatus": status,
            "TableId": table.table_id,
            "BillingModeSummary": self._billing(table),
            "GlobalSecondaryIndexes": [
                self._described_index(table, index, status) for index in table.moto.global_indexes
            ]
            or None,
            "LocalSecondaryIndexes": [
                index.describe() | {"IndexArn": f"{table.arn}/index/{index.name}", "IndexSizeBytes": 0, "ItemCount": 0}
                for index in table.moto.indexes
            ]
            or None,
            "OnDemandThroughput": table.on_demand_throughput,
            "DeletionProtectionEnabled": bool(table.moto.deletion_protection_enabled),
        }
        if "SSEDescription" in description:
            description["SSEDescription"] |= {"Status": table.encryption.status(self.now)}
        # Probe: the summary exists only while the table is CREATING.
        if table.restore and status == "CREATING":
            description["RestoreSummary"] = table.restore
        if table.table_class:
            summary: dict[str, Any] = {"TableClass": table.table_class}
            if table.table_class_changes:
                summary["LastUpdateDateTime"] = table.table_class_changes[-1]
            description["TableClassSummary"] = summary
        if status in {"CREATING", "DELETING"}:
            del description["WarmThroughput"]
        if status == "DELETING":
            for name in NOT_OF_A_DELETED_TABLE:
                del description[name]
        return description

    def _billing(self, table: ControlledTable) -> dict[str, Any] | None:
        # API reference: absent until a table has been on demand once. The time is there once the change is made.
        if table.on_demand_since is None:
            return None
        summary = {"BillingMode": table.billing_mode}
        if table.on_demand_since > self.now:
            return summary
        return summary | {"LastUpdateToPayPerRequestDateTime": table.on_demand_since}

    def index_status(self, table: ControlledTable, name: str) -> str:
        """Return the IndexStatus of a global secondary index."""
        return table.indexes.get(name, ACTIVE).status(self.now)

    def _described_index(self, table: ControlledTable, index: GlobalSecondaryIndex, status: str) -> dict[str, Any]:
        described: dict[str, Any] = index.describe() | {
            "IndexArn": f"{table.arn}/index/{index.name}",
            "IndexStatus": status if status in {"CREATING", "DELETING"} else self.index_status(table, index.name),
            "IndexSizeBytes": 0,
            "ItemCount": 0,
            "OnDemandThroughput": table.index_on_demand_throughput.get(index.name),
        }
        described["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0} | described["ProvisionedThroughput"]
        if status in {"CREATING", "DELETING"}:
            described.pop("WarmThroughput", None)
        # Probe: an index of a table that is being restored has no status.
        if table.restore and status == "CREATING":
            del described["IndexStatus"]
        return described

    def enable_stream(self, table: ControlledTable, view_type: str) -> None:
        """Give a table a new stream."""
        label = datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        table.streams.append(Stream(label, f"{table.arn}/stream/{label}", view_type))
        table.moto.stream_specification = {"StreamEnabled": True, "StreamViewType": view_type}
        table.moto.latest_stream_label = label
        table.moto.stream_shard = StreamShard(self.aws.account, table.moto)

    def _known(self, table: Table) -> ControlledTable:
        return self._controlled.get(table) or self.control(table, ACTIVE)

    def _arn(self, region: str, named: str) -> str:
        return named if named.startswith("arn:") else f"arn:aws:dynamodb:{region}:{self.aws.account}:table/{named}"


def not_found(call: "Call", name: str) -> AwsError:
    """Return the error for a table, by name or ARN, that the operation does not find."""
    if call.operation in TAG_OPERATIONS:
        message = f"Requested resource not found: ResourceArn: {call.parameters['ResourceArn']} not found"
        return AwsError("ResourceNotFoundException", message)
    name = name.rsplit("table/", 1)[-1].split("/", 1)[0]
    if call.operation in CONTINUOUS_BACKUP_OPERATIONS:
        return AwsError("TableNotFoundException", f"Table not found: {name}")
    return AwsError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")


def in_use(why: str) -> AwsError:
    """Return the error for a table that is changing."""
    return AwsError("ResourceInUseException", f"Attempt to change a resource which is still in use: {why}")


def invalid(message: str) -> AwsError:
    """Return a ValidationException."""
    return AwsError("ValidationException", message)


def check_tags(tags: dict[str, str]) -> None:
    """Raise AwsError for tags that a table may not have (developer guide, "Tagging restrictions in DynamoDB")."""
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag Key cannot be prefixed with aws:, Key: {key}")
    if len(tags) > MAXIMUM_TAGS:
        raise invalid("Number of Tags exceed the current limit for the provided ResourceArn")


def _not_there_yet_or_any_more(call: "Call", table: ControlledTable, status: str) -> AwsError:
    """Return what an operation answers of a table that is CREATING or DELETING (probes 217, 444, 446, 455)."""
    name = table.moto.name
    if table.restore and status == "CREATING":
        if call.operation in CONTINUOUS_BACKUP_OPERATIONS:
            return not_found(call, name)
        return AwsError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
    if call.operation == "DescribeTimeToLive":
        message = f"Cannot describe time to live while table is in {status} state"
        return invalid(f"{message}: Current table state is {status}")
    if call.operation == "UpdateTable":
        return in_use(f"Table is being {'created' if status == 'CREATING' else 'deleted'}: {name}")
    return not_found(call, name)


def _why_not_deleted(table: ControlledTable, status: str) -> str:
    if status == "CREATING":
        return f"Table is being created: {table.moto.name}"
    if status == "DELETING":
        return f"Table is being deleted: {table.moto.name}"
    if table.updating == "stream":
        return "Cannot delete table while stream is being enabled/disabled."
    if table.updating == "indexes":
        return "Cannot delete table while indexes are being created, updated, or deleted."
    return f"Table: {table.moto.name} is in the process of being updated."


def _check_billing_mode(sent: dict[str, Any]) -> None:
    if sent.get("BillingMode") != "PAY_PER_REQUEST":
        return
    prefix = "One or more parameter values were invalid: "
    if "ProvisionedThroughput" in sent:
        raise invalid(
            f"{prefix}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST"
        )
    for index in sent.get("GlobalSecondaryIndexes", []):
        if "ProvisionedThroughput" in index:
            raise invalid(
                f"{prefix}ProvisionedThroughput should not be specified for index: {index['IndexName']} when "
                "BillingMode is PAY_PER_REQUEST"
            )


def _named_tables(call: "Call") -> Iterator[str]:
    sent = call.parameters
    for name in ("TableName", "ResourceArn", "TableArn"):
        if name in sent:
            yield sent[name]
    if call.operation in {"BatchGetItem", "BatchWriteItem"}:
        yield from sent["RequestItems"]
    for item in sent.get("TransactItems", []):
        yield from (request["TableName"] for request in item.values())
