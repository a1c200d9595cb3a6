"""DynamoDB's UpdateTable: one concern a call, and a table that is UPDATING until it is done.

Sources: DynamoDB API reference, UpdateTable; live probes of October 2026: 065 (encryption), 119 (what a table that is
UPDATING takes), 177 (what changes nothing), 178, 182 (on-demand maximums), 283, 284 (table class), 433 (what goes into
one call), 442, 444, 445 (the wording of the errors).
"""

from datetime import UTC, datetime
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
NO_MAXIMUM = -1
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
# Each of these goes alone; of several the first is named.
EXCLUSIVE = {
    "encryption": "Server-Side Encryption modification",
    "table class": "TableClass modification",
    "deletion protection": "DeletionProtection modification",
    "warm throughput": "WarmThroughput",
}
# What UpdateTable asks for if there is nothing to do, but for what is in the request.
ANY_OF = (
    "ProvisionedThroughput",
    "BillingMode",
    "UpdateStreamEnabled",
    "GlobalSecondaryIndexUpdates",
    "SSESpecification",
    "ReplicaUpdates",
    "MultiAccountReplicaReady",
    "ReplicaTransitRoleArn",
    "MultiRegionConsistency",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
    "TableClass",
)
# These do not wait for the table to be ACTIVE, nor make it UPDATING.
ALWAYS_ADMITTED = {"deletion protection", "encryption", "warm throughput"}
PROTECTION_COOLDOWN = 15
PREFIX = "One or more parameter values were invalid: "
NOT_MODELLED = {"ReplicaUpdates", "GlobalTableWitnessUpdates", "MultiRegionConsistency", "VectorIndexUpdates"}


class Updates(Tables):
    """UpdateTable of every table."""

    def update_table(self, call: "Call") -> dict[str, Any]:
        """UpdateTable: one concern a call; the table is UPDATING until it is done, what is always admitted aside."""
        table = self.table(call)
        sent = call.parameters
        for name in sorted(NOT_MODELLED & sent.keys()):
            raise invalid(f"{name} is not modelled by the embedded AWS.")
        concerns = _concerns(sent)
        status = table.status.status(self.now)
        if status != "ACTIVE" and not concerns <= ALWAYS_ADMITTED:
            raise in_use(_why_not_updated(table, min(concerns)))
        if _changes_nothing(table, sent):
            return {"TableDescription": self.described(table, "UPDATING")}
        before = self.described(table)
        seconds = 0.0
        for concern in sorted(concerns):
            change: Callable[[ControlledTable, dict[str, Any]], float] = getattr(
                self, f"_update_{concern.replace(' ', '_')}"
            )
            seconds = max(seconds, change(table, sent))
        if seconds:
            table.status = Transition("UPDATING", "ACTIVE", self.now + seconds)
            table.updating = max(concerns)
        answer = self.described(table)
        if "OnDemandThroughput" in sent:
            answer["OnDemandThroughput"] = (before["OnDemandThroughput"] or {}) | sent["OnDemandThroughput"]
        return {"TableDescription": answer}

    # What UpdateTable does of each concern; each returns for how many seconds the table is UPDATING.

    def _update_deletion_protection(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        wanted = sent["DeletionProtectionEnabled"]
        if wanted == bool(table.moto.deletion_protection_enabled):
            return 0
        changed = table.protection_changed
        if changed is not None and self.now < changed + PROTECTION_COOLDOWN:
            again = datetime.fromtimestamp(changed + PROTECTION_COOLDOWN, UTC)
            message = (
                f"Deletion protection setting for table {table.moto.name} modified within the previous 15000 "
                f"milliseconds. Please try again after {again.isoformat(timespec='milliseconds')[:-6]}Z"
            )
            raise AwsError("ThrottlingException", message)
        table.moto.deletion_protection_enabled = wanted
        table.protection_changed = self.now
        return 0

    def _update_stream(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        specification = sent["StreamSpecification"]
        enabled = bool((table.moto.stream_specification or {}).get("StreamEnabled"))
        if specification["StreamEnabled"] and enabled:
            raise invalid(f"Table already has an enabled stream: TableName: {table.moto.name}")
        if not specification["StreamEnabled"] and not enabled:
            raise invalid(f"Table has no stream to disable: TableName: {table.moto.name}")
        if specification["StreamEnabled"] and not specification.get("StreamViewType"):
            raise invalid(f"{PREFIX}If stream is being enabled then UpdateViewType is required")
        if not specification["StreamEnabled"] and specification.get("StreamViewType"):
            raise invalid(f"{PREFIX}If stream is being disabled, then UpdateViewType must not be specified")
        if specification["StreamEnabled"]:
            self.enable_stream(table, specification["StreamViewType"])
        else:
            table.moto.stream_specification = {"StreamEnabled": False}
            table.moto.stream_shard = None
        return self.aws.delays.stream

    def _update_table_class(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        table.table_class_changes = [at for at in table.table_class_changes if at > self.now - THIRTY_DAYS]
        if len(table.table_class_changes) >= TABLE_CLASS_CHANGES:
            message = "Subscriber limit exceeded: Updates to TableClass are limited to 2 times in 30 day(s)."
            raise AwsError("LimitExceededException", message)

        def change(at: float) -> None:
            table.table_class = sent["TableClass"]
            table.table_class_changes.append(at)

        at = self.now + self.aws.delays.table_class
        self.schedule(at, change)
        return self.aws.delays.table_class

    def _update_encryption(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        if not table.encryption.settled(self.now):
            raise in_use("Server-Side Encryption is still being updated")
        table.moto.sse_specification = _encryption(table.moto, sent["SSESpecification"])
        table.encryption = Transition("UPDATING", "ENABLED", self.now + self.aws.delays.encryption)
        return 0

    def _update_capacity(self, table: ControlledTable, sent: dict[str, Any]) -> float:
        updates = [update["Update"] for update in sent.get("GlobalSecondaryIndexUpdates", [])]
        for update in updates:
            self._check_index(table, update["IndexName"])
        mode = sent.get("BillingMode", table.billing_mode)
        _check_capacity(table, mode, sent, updates)
        throughput = sent.get("ProvisionedThroughput", {})
        if mode == "PAY_PER_REQUEST" != table.billing_mode:
            table.on_demand_since = self.now + self.aws.delays.capacity
            throughput = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
            updates += [{"IndexName": name, "ProvisionedThroughput": throughput} for name in table.index_names()]
        table.moto.billing_mode = mode
        table.moto.throughput = table.moto.throughput | throughput
        table.on_demand_throughput = _maximums(table.on_demand_throughput, sent.get("OnDemandThroughput"))
        for update in updates:
            name = update["IndexName"]
            index = next(index for index in table.moto.global_indexes if index.name == name)
            index.throughput = index.throughput | update.get("ProvisionedThroughput", {})
            if "OnDemandThroughput" in update:
                known = table.index_on_demand_throughput.pop(name, None)
                changed = _maximums(known, update["OnDemandThroughput"])
                if changed:
                    table.index_on_demand_throughput[name] = changed
                table.indexes[name] = Transition("UPDATING", "ACTIVE", self.now + self.aws.delays.capacity)
        changes_capacity = {"BillingMode", "ProvisionedThroughput"} & sent.keys()
        changes_capacity |= {"index" for update in updates if "ProvisionedThroughput" in update}
        return self.aws.delays.capacity if changes_capacity else 0

    def _check_index(self, table: ControlledTable, name: str) -> None:
        if name not in table.index_names():
            message = f"Requested resource not found: Index {name} for table {table.moto.name}"
            raise AwsError("ResourceNotFoundException", message)
        if self.index_status(table, name) != "ACTIVE":
            raise in_use(f"Index is being updated. Table: {table.moto.name} Index: {name}")

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
            self._check_index(table, name)
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


def _concerns(sent: dict[str, Any]) -> set[str]:
    """Return what a request changes; raise AwsError for nothing, and for what AWS does not take in one call."""
    kinds = {kind for update in sent.get("GlobalSecondaryIndexUpdates", []) for kind in update}
    concerns = {CONCERNS[name] for name in sent if name in CONCERNS}
    concerns |= {"capacity" if kind == "Update" else "indexes" for kind in kinds}
    if not concerns:
        *others, last = [name for name in ANY_OF if name not in sent]
        raise invalid(f"At least one of {', '.join(others)} or {last} is required")
    for concern, change in EXCLUSIVE.items():
        if concern in concerns and len(concerns) > 1:
            raise invalid(f"{PREFIX}{change} must be the only operation in the request")
    beside = {"GlobalSecondaryIndexUpdates", "ProvisionedThroughput"} & sent.keys()
    if "OnDemandThroughput" in sent and (beside or concerns != {"capacity"}):
        raise invalid(f"{PREFIX}OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
    if concerns == {"capacity", "stream"} and not (
        sent.get("BillingMode") == "PAY_PER_REQUEST" and "ProvisionedThroughput" not in sent and not kinds
    ):
        raise invalid(f"{PREFIX}You cannot modify stream status while updating table IOPS")
    if {"capacity", "indexes"} <= concerns:
        raise invalid(f"{PREFIX}You cannot create or delete index while updating table IOPS")
    if {"stream", "indexes"} <= concerns:
        raise invalid(f"{PREFIX}You cannot create or delete index while changing stream status")
    return concerns


def _changes_nothing(table: ControlledTable, sent: dict[str, Any]) -> bool:
    """Say whether a request is answered as if it were carried out, and nothing happens."""
    asked = sent.keys() - {"TableName", "AttributeDefinitions"}
    if asked == {"TableClass"}:
        return table.table_class is None and sent["TableClass"] == "STANDARD"
    return asked == {"BillingMode"} and sent["BillingMode"] == table.billing_mode


def _why_not_updated(table: ControlledTable, concern: str) -> str:
    name = table.moto.name
    if table.updating == "stream":
        enabled = bool((table.moto.stream_specification or {}).get("StreamEnabled"))
        stream = f"Table: {name} Stream: {table.streams[-1].label} Operation: {'ENABLE' if enabled else 'DISABLE'}"
        if concern == "stream":
            return f"A stream status change is currently in progress. {stream}"
        change = {"table class": "update table class", "capacity": "change table IOPS"}
        return f"Can't {change.get(concern, 'create or delete index')} when stream status is being updated. {stream}"
    if table.updating == "capacity" and concern == "capacity":
        return f"Table IOPS are currently being updated. Table: {name}"
    if table.updating == "capacity" and concern == "stream":
        return f"Can't enable or disable stream while table IOPS are being updated. Table: {name}"
    return f"Table: {name} is in the process of being updated."


def _maximums(known: dict[str, int] | None, sent: dict[str, int] | None) -> dict[str, int] | None:
    """Return on-demand maximums after a change: merged member by member, and -1 takes one away."""
    merged = (known or {}) | (sent or {})
    return {name: units for name, units in merged.items() if units != NO_MAXIMUM} or None


def _check_capacity(table: ControlledTable, mode: str, sent: dict[str, Any], updates: list[dict[str, Any]]) -> None:
    if mode == "PAY_PER_REQUEST" and "ProvisionedThroughput" in sent:
        raise invalid(
            f"{PREFIX}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST"
        )
    for part in (sent, *updates):
        _check_maximums(mode, part)
    given = {update["IndexName"] for update in updates if "ProvisionedThroughput" in update}
    if mode == "PROVISIONED" != table.billing_mode:
        if "ProvisionedThroughput" not in sent:
            raise invalid(f"{PREFIX}ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
        for name in sorted(table.index_names() - given):
            raise invalid(f"{PREFIX}ProvisionedThroughput must be specified for index: {name}")


def _check_maximums(mode: str, part: dict[str, Any]) -> None:
    of_index = f"for index : {part['IndexName']}" if "IndexName" in part else ""
    for name, units in part.get("OnDemandThroughput", {}).items():
        if mode == "PROVISIONED":
            of = f" {of_index}" if of_index else ""
            message = f"cannot be specified{of} when the table BillingMode is PROVISIONED"
            raise invalid(f"{PREFIX}{name} for OnDemandThroughput {message}")
        if units < 1 and units != NO_MAXIMUM:
            of = of_index or "for table"
            raise invalid(f"{PREFIX}Requested {name} for OnDemandThroughput {of} is outside of valid range")


def _encryption(table: Table, specification: dict[str, Any]) -> dict[str, Any]:
    if specification.get("Enabled") and "KMSMasterKeyId" not in specification:
        key = table._get_default_encryption_key(table.account_id, table.region_name)  # noqa: SLF001
        return specification | {"KMSMasterKeyId": key}
    return specification
