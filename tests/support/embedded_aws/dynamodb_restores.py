"""Restores of DynamoDB tables.

Sources: DynamoDB API reference, RestoreTableToPointInTime and RestoreTableFromBackup; developer guide, "Restoring a
table"; probe: resource policy and table class are lost too. Not modelled: the point in time. A restored table has the
items that the source has at the moment of the call.
"""

import copy
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models.table import Table

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import TABLE_ARN, ControlledTable, Tables, invalid
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call


class Restores(Tables):
    """Restores: to a point in time, also from another Region, and from a backup."""

    def restore_table_to_point_in_time(self, call: "Call") -> dict[str, Any]:
        """RestoreTableToPointInTime."""
        source = self._source(call)
        sent = call.parameters
        if ("RestoreDateTime" in sent) == bool(sent.get("UseLatestRestorableTime")):
            raise invalid(
                "One or more parameter values were invalid: Exactly one of UseLatestRestorableTime and RestoreDateTime "
                "must be specified"
            )
        if source.recovery_period is None:
            message = f"Point in time recovery is not enabled for table '{source.moto.name}'"
            raise AwsError("PointInTimeRecoveryUnavailableException", message)
        earliest, latest = self.restorable_window(source)
        at = float(sent.get("RestoreDateTime", latest))
        if not earliest <= at <= max(latest, earliest):
            message = "The specified time is outside EarliestRestorableDateTime and LatestRestorableDateTime"
            raise AwsError("InvalidRestoreTimeException", message)
        summary = {"SourceTableArn": source.arn, "RestoreDateTime": at, "RestoreInProgress": True}
        on_demand = source.on_demand_throughput, source.index_on_demand_throughput
        return self._restore(call, source.moto, on_demand, summary)

    def restore_table_from_backup(self, call: "Call") -> dict[str, Any]:
        """RestoreTableFromBackup, of a backup of the same Region."""
        arn = call.parameters["BackupArn"]
        backup = self.backend(call.region).backups.get(arn)
        if backup is None:
            raise AwsError("BackupNotFoundException", f"Backup not found: {arn}")
        summary = {
            "SourceBackupArn": arn,
            "SourceTableArn": backup.table.table_arn,
            "RestoreDateTime": backup.creation_date_time,
            "RestoreInProgress": True,
        }
        return self._restore(call, backup.table, (None, {}), summary)

    def _source(self, call: "Call") -> ControlledTable:
        sent = call.parameters
        if ("SourceTableArn" in sent) == ("SourceTableName" in sent):
            raise invalid(
                "One or more parameter values were invalid: Exactly one of SourceTableArn and SourceTableName must be "
                "specified"
            )
        arn = sent.get("SourceTableArn") or self._arn(call.region, sent["SourceTableName"])
        match = TABLE_ARN.fullmatch(arn)
        if not match:
            raise invalid(f"One or more parameter values were invalid: {arn} is not the ARN of a table")
        if match["account"] != self.aws.account:
            raise invalid("One or more parameter values were invalid: The source table belongs to another account")
        source = self.find(arn)
        if source is None or source.status.status(self.now) in {"CREATING", "DELETING"}:
            raise AwsError("TableNotFoundException", f"Source table not found: {match['name']}")
        return source

    def _restore(
        self,
        call: "Call",
        source: Table,
        on_demand: tuple[dict[str, int] | None, dict[str, dict[str, int]]],
        summary: dict[str, Any],
    ) -> dict[str, Any]:
        name = call.parameters["TargetTableName"]
        self._check_target(call.region, name)
        table, on_demand_throughput, index_on_demand_throughput = self._copy(call, source, on_demand)
        seconds = self.aws.restore_seconds
        active_at = self.now + (seconds(name) if callable(seconds) else seconds)
        controlled = self.control(table, Transition("CREATING", "ACTIVE", active_at))
        controlled.restore = summary
        controlled.on_demand_throughput = on_demand_throughput
        controlled.index_on_demand_throughput = index_on_demand_throughput
        controlled.indexes = {
            index.name: Transition("CREATING", "ACTIVE", active_at + self.aws.delays.restored_index)
            for index in table.global_indexes
        }
        self.backend(call.region).tables[name] = table
        return {"TableDescription": self.described(controlled)}

    def _check_target(self, region: str, name: str) -> None:
        target = self.find(self._arn(region, name))
        if target and target.status.status(self.now) in {"CREATING", "DELETING"}:
            raise AwsError("TableInUseException", f"Table is being created or deleted: {name}")
        if target:
            raise AwsError("TableAlreadyExistsException", f"Table already exists: {name}")
        restoring = [
            table
            for table in self._controlled.values()
            if table.restore and table.status.status(self.now) == "CREATING"
        ]
        if len(restoring) >= self.aws.concurrent_restores:
            message = f"Subscriber limit exceeded: at most {self.aws.concurrent_restores} restores at a time"
            raise AwsError("LimitExceededException", message)

    def _copy(
        self, call: "Call", source: Table, on_demand: tuple[dict[str, int] | None, dict[str, dict[str, int]]]
    ) -> tuple[Table, dict[str, int] | None, dict[str, dict[str, int]]]:
        sent = call.parameters
        mode = sent.get("BillingModeOverride", source.billing_mode or "PROVISIONED")
        provisioned = mode == "PROVISIONED"
        throughput = sent.get("ProvisionedThroughputOverride")
        if throughput and not provisioned:
            raise invalid(
                "One or more parameter values were invalid: ProvisionedThroughputOverride needs the PROVISIONED mode"
            )
        if provisioned and not throughput:
            throughput = _capacity(source.throughput)
            if not throughput:
                raise invalid(
                    "One or more parameter values were invalid: ProvisionedThroughputOverride must be specified when "
                    "an on-demand table is restored as PROVISIONED"
                )
        indexes = _indexes(source.global_indexes, sent.get("GlobalSecondaryIndexOverride"), "GlobalSecondaryIndex")
        local = _indexes(source.indexes, sent.get("LocalSecondaryIndexOverride"), "LocalSecondaryIndex")
        for index in indexes:
            index.pop("WarmThroughput", None)
            capacity = _capacity(index.pop("ProvisionedThroughput", {}))
            if provisioned and not capacity:
                raise invalid(
                    f"One or more parameter values were invalid: ProvisionedThroughput of index {index['IndexName']} "
                    "must be specified when an on-demand table is restored as PROVISIONED"
                )
            if provisioned:
                index["ProvisionedThroughput"] = capacity
        keys = [key for schema in (source.schema, *(i["KeySchema"] for i in (*indexes, *local))) for key in schema]
        used = {key["AttributeName"] for key in keys}
        table = Table(
            sent["TargetTableName"],
            account_id=self.aws.account,
            region=call.region,
            schema=copy.deepcopy(source.schema),
            attr=[attribute for attribute in source.attr if attribute["AttributeName"] in used],
            throughput=dict(throughput) if provisioned else None,
            billing_mode=mode,
            global_indexes=indexes,
            indexes=local,
            sse_specification=copy.deepcopy(sent.get("SSESpecificationOverride", source.sse_specification)),
        )
        table.items = copy.deepcopy(source.items)
        table_maximum, index_maximums = on_demand
        if "OnDemandThroughputOverride" in sent:
            table_maximum = sent["OnDemandThroughputOverride"]
        kept = {index["IndexName"] for index in indexes}
        if provisioned:
            return table, None, {}
        return table, table_maximum, {name: maximum for name, maximum in index_maximums.items() if name in kept}


def _capacity(throughput: dict[str, Any]) -> dict[str, int]:
    """Return the capacity units, empty if there are none, as on an on-demand table."""
    units = {name: throughput[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits") if throughput.get(name)}
    return units


def _indexes(of_source: list[Any], override: list[dict[str, Any]] | None, kind: str) -> list[dict[str, Any]]:
    """Return the indexes to restore: those of the override, which must be the source's, or all."""
    known = {index.name: index.describe() for index in of_source}
    for index in override or []:
        name = index["IndexName"]
        same = name in known and all(index[part] == known[name][part] for part in ("KeySchema", "Projection"))
        if not same:
            raise invalid(
                f"One or more parameter values were invalid: {kind}Override must name indexes of the source table with "
                f"their key schema and projection, and {name} does not"
            )
    wanted = list(known.values()) if override is None else [known[index["IndexName"]] | index for index in override]
    return [
        {name: copy.deepcopy(value) for name, value in index.items() if name not in {"IndexStatus", "IndexArn"}}
        for index in wanted
    ]
