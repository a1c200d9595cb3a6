"""DynamoDB's UpdateTable: one concern a call, and a table that is UPDATING until it is done.

Sources: DynamoDB API reference, UpdateTable; live probes of October 2026 where marked.
"""

from typing import TYPE_CHECKING, Any

from moto.dynamodb.models.table import GlobalSecondaryIndex, Table

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, in_use, invalid
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.embedded_aws.calls import Call

THIRTY_DAYS = 30 * 86400
TABLE_CLASS_CHANGES = 2
# UpdateTable does one of these at a time (API reference; probe: 33 of 35 pairs are refused).
CONCERNS = {
    "BillingMode": "capacity",
    "ProvisionedThroughput": "capacity",
    "OnDemandThroughput": "capacity",
    "StreamSpecification": "stream",
    "DeletionProtectionEnabled": "deletion protection",
    "TableClass": "table class",
    "SSESpecification": "encryption",
    "WarmThroughput": "warm throughput",
}
NOT_MODELLED = {"ReplicaUpdates", "GlobalTableWitnessUpdates", "MultiRegionConsistency", "VectorIndexUpdates"}


class Updates(Tables):
    """UpdateTable of every table."""

    def update_table(self, call: "Call") -> dict[str, Any]:
        """UpdateTable: one concern a call; the table is UPDATING until it is done, deletion protection excepted."""
        table = self.table(call)
        sent = call.parameters
        for name in sorted(NOT_MODELLED & sent.keys()):
            raise invalid(f"{name} is not modelled by the embedded AWS.")
        concerns = {CONCERNS[name] for name in sent if name in CONCERNS} | _index_concerns(sent)
        if not concerns:
            raise invalid(
                "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates "
                "or SSESpecification or ReplicaUpdates is required"
            )
        if len(concerns) > 1:
            raise invalid(
                f"One or more parameter values were invalid: {' and '.join(sorted(concerns))} cannot be changed in one "
                "UpdateTable call"
            )
        (concern,) = concerns
        status = table.status.status(self.now)
        if concern == "deletion protection":
            table.moto.deletion_protection_enabled = sent["DeletionProtectionEnabled"]
            return {"TableDescription": self.described(table)}
        if status != "ACTIVE":
            raise in_use(table, status)
        change: Callable[[ControlledTable, dict[str, Any]], float] = getattr(
            self, f"_update_{concern.replace(' ', '_')}"
        )
        table.status = Transition("UPDATING", "ACTIVE", self.now + change(table, sent))
        return {"TableDescription": self.described(table)}

    # What UpdateTable does of each concern; each returns for how many seconds the table is UPDATING.

    def _update_stream(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        specification = sent["StreamSpecification"]
        enabled = bool((table.moto.stream_specification or {}).get("StreamEnabled"))
        if specification["StreamEnabled"] and enabled:
            raise invalid(f"Table already has an enabled stream: TableName: {table.moto.name}")
        if not specification["StreamEnabled"] and not enabled:
            raise invalid(f"Table does not have an enabled stream: TableName: {table.moto.name}")
        if specification["StreamEnabled"] != bool(specification.get("StreamViewType")):
            raise invalid(
                "One or more parameter values were invalid: StreamViewType must be given exactly when the stream is "
                "enabled"
            )
        if specification["StreamEnabled"]:
            self.enable_stream(table, specification["StreamViewType"])
        else:
            table.moto.stream_specification = {"StreamEnabled": False}
            table.moto.stream_shard = None
        return self.aws.delays.stream

    def _update_table_class(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        table.table_class_changes = [at for at in table.table_class_changes if at > self.now - THIRTY_DAYS]
        if len(table.table_class_changes) >= TABLE_CLASS_CHANGES:
            message = "Subscriber limit exceeded: the table class can be changed twice in 30 days."
            raise AwsError("LimitExceededException", message)
        table.table_class_changes.append(self.now)
        table.table_class = sent["TableClass"]
        return self.aws.delays.table_class

    def _update_encryption(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        table.moto.sse_specification = _encryption(table.moto, sent["SSESpecification"])
        return self.aws.delays.encryption

    def _update_capacity(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        updates = [update["Update"] for update in sent.get("GlobalSecondaryIndexUpdates", [])]
        for update in updates:
            if update["IndexName"] not in table.index_names():
                message = f"Requested resource not found: index {update['IndexName']}"
                raise AwsError("ResourceNotFoundException", message)
        mode = sent.get("BillingMode", table.billing_mode)
        _check_capacity(table, mode, sent, updates)
        throughput = sent.get("ProvisionedThroughput", {})
        if mode == "PAY_PER_REQUEST" != table.billing_mode:
            table.on_demand_since = self.now
            throughput = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
            updates += [{"IndexName": name, "ProvisionedThroughput": throughput} for name in table.index_names()]
        table.moto.billing_mode = mode
        table.moto.throughput = table.moto.throughput | throughput
        table.on_demand_throughput = sent.get("OnDemandThroughput", table.on_demand_throughput)
        for update in updates:
            index = next(index for index in table.moto.global_indexes if index.name == update["IndexName"])
            index.throughput = index.throughput | update.get("ProvisionedThroughput", {})
            if "OnDemandThroughput" in update:
                table.index_on_demand_throughput[index.name] = update["OnDemandThroughput"]
        return self.aws.delays.capacity

    def _update_indexes(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        updates = sent["GlobalSecondaryIndexUpdates"]
        if len(updates) > 1:
            message = (
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
            )
            raise AwsError("LimitExceededException", message)
        (kind, update), *_ = updates[0].items()
        name = update["IndexName"]
        if kind == "Delete":
            if name not in table.index_names():
                raise AwsError("ResourceNotFoundException", f"Requested resource not found: index {name}")
            table.moto.global_indexes = [index for index in table.moto.global_indexes if index.name != name]
            table.indexes.pop(name, None)
            return self.aws.delays.capacity
        if name in table.index_names():
            raise invalid(f"Attempting to create an index which already exists: {name}")
        if "AttributeDefinitions" in sent:
            table.moto.attr = sent["AttributeDefinitions"]
        table.moto.global_indexes.append(GlobalSecondaryIndex.create(update, table.moto.table_key_attrs))
        table.indexes[name] = Transition("CREATING", "ACTIVE", self.now + self.aws.delays.index)
        return self.aws.delays.capacity

    def _update_warm_throughput(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        table.moto.warm_throughput = table.moto.warm_throughput | sent["WarmThroughput"]
        return self.aws.delays.capacity


def _check_capacity(table: ControlledTable, mode: str, sent: dict[str, Any], updates: list[dict[str, Any]]) -> None:
    if mode == "PAY_PER_REQUEST" and "ProvisionedThroughput" in sent:
        raise invalid(
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be "
            "specified when BillingMode is PAY_PER_REQUEST"
        )
    if mode == "PROVISIONED" and any("OnDemandThroughput" in part for part in (sent, *updates)):
        raise invalid(
            "One or more parameter values were invalid: OnDemandThroughput cannot be specified when BillingMode is "
            "PROVISIONED"
        )
    given = {update["IndexName"] for update in updates if "ProvisionedThroughput" in update}
    complete = "ProvisionedThroughput" in sent and given == table.index_names()
    if mode == "PROVISIONED" != table.billing_mode and not complete:
        raise invalid(
            "One or more parameter values were invalid: ProvisionedThroughput must be specified for the table and each "
            "index when BillingMode is PROVISIONED"
        )


def _encryption(table: Table, specification: dict[str, Any]) -> dict[str, Any]:
    if specification.get("Enabled") and "KMSMasterKeyId" not in specification:
        key = table._get_default_encryption_key(table.account_id, table.region_name)  # noqa: SLF001
        return specification | {"KMSMasterKeyId": key}
    return specification


def _index_concerns(sent: dict[str, Any]) -> set[str]:
    kinds = {kind for update in sent.get("GlobalSecondaryIndexUpdates", []) for kind in update}
    return {"capacity" if kind == "Update" else "indexes" for kind in kinds}
