"""Restores of DynamoDB tables.

Sources: DynamoDB API reference, RestoreTableToPointInTime and RestoreTableFromBackup; developer guide, "Restoring a
table"; probes 215-219, 272-275, 442: resource policy and table class are lost too; the wording of the errors. Backups:
probe notes DDB-BACKUP-004, -009, -012, -015, -016 and -020 of October 2026 (aws-controllers-k8s/dynamodb-controller,
docs/api-quirks/backup.md). Not modelled: the point in time. A restored table has the items that its source has at the
moment of the call.
"""

import copy
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import botocore.session
from moto.dynamodb.models.table import Backup, Table

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import TABLE_ARN, ControlledTable, Tables, invalid
from tests.support.embedded_aws.service import Moto, extends_moto, output_of
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.aws import EmbeddedAWS
    from tests.support.embedded_aws.calls import Call

BACKUP_ARN = re.compile(
    r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):table/[^/]+/backup/[^/]+"
)
REGIONS = set(botocore.session.get_session().get_available_regions("dynamodb"))
# A SYSTEM backup can be restored for 35 days, and is there 8 to 10 s after DeleteTable (probe, DDB-BACKUP-015).
SYSTEM_BACKUP_DAYS, SYSTEM_BACKUP_SECONDS = 35, 9
UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
NOT_RESTORED_OF_AN_INDEX = {"IndexArn", "IndexStatus", "WarmThroughput", "ProvisionedThroughput", "OnDemandThroughput"}


@dataclass
class Restorable:
    """What a restore starts from: a table as moto keeps it, and its on-demand maximums."""

    table: Table
    on_demand_throughput: dict[str, int] | None = None
    index_on_demand_throughput: dict[str, dict[str, int]] = field(default_factory=dict)
    description: dict[str, Any] = field(default_factory=dict)
    """What DescribeBackup answers besides BackupDetails."""


class Restores(Tables):
    """Restores: to a point in time, also from another Region, and from a backup."""

    def __init__(self, aws: "EmbeddedAWS") -> None:
        """Start without backups."""
        super().__init__(aws)
        self._backups: dict[str, Restorable] = {}

    def restore_table_to_point_in_time(self, call: "Call") -> dict[str, Any]:
        """RestoreTableToPointInTime."""
        sent = call.parameters
        if ("RestoreDateTime" in sent) == bool(sent.get("UseLatestRestorableTime")):
            raise invalid(
                "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not "
                "both"
            )
        source = self._source(call)
        if source.recovery_period is None:
            message = f"Point in time recovery is not enabled for table '{source.moto.name}'"
            raise AwsError("PointInTimeRecoveryUnavailableException", message)
        earliest, latest = self.restorable_window(source)
        at = float(sent.get("RestoreDateTime", latest))
        if not earliest <= at <= latest:
            message = "The specified time is outside EarliestRestorableDateTime and LatestRestorableDateTime"
            raise AwsError("InvalidRestoreTimeException", message)
        summary = {"SourceTableArn": source.arn, "RestoreDateTime": at, "RestoreInProgress": True}
        return self._restore(call, _restorable(source), summary)

    @extends_moto
    def create_backup(self, call: "Call", moto: Moto) -> dict[str, Any]:
        """CreateBackup: moto's, and what moto's leaves out."""
        created = output_of(moto)
        arn = created["BackupDetails"]["BackupArn"]
        table = self.table(call)
        self._keep(self.backend(call.region).backups[arn], table, self._described_for_backup(table))
        return created

    def describe_backup(self, call: "Call") -> dict[str, Any]:
        """DescribeBackup, which takes any Region for the endpoint's, and echoes it."""
        arn = call.parameters["BackupArn"]
        match = BACKUP_ARN.fullmatch(arn)
        if not match:
            raise invalid("Invalid Backup ARN")
        known = match["region"] in {"", *REGIONS}
        if (match["partition"], match["service"]) != ("aws", "dynamodb") or not known:
            raise invalid("BackupArn is not valid")
        if match["account"] != self.aws.account or not match["region"]:
            raise AwsError("AccessDeniedException", "Access is denied")
        here = arn.replace(f":{match['region']}:", f":{call.region}:", 1)
        backup = self.backend(call.region).backups.get(here)
        if backup is None:
            raise AwsError("BackupNotFoundException", f"Backup not found: {arn}")
        details = backup.details | {"BackupArn": arn}
        if backup.type == "SYSTEM":
            details["BackupExpiryDateTime"] = backup.creation_date_time + timedelta(days=SYSTEM_BACKUP_DAYS)
        return {"BackupDescription": {"BackupDetails": details, **self._backups[here].description}}

    @extends_moto
    def list_backups(self, call: "Call", moto: Moto) -> dict[str, Any]:
        """ListBackups: of the USER unless another BackupType is sent (API reference)."""
        listed = output_of(moto)
        wanted = call.parameters.get("BackupType", "USER")
        summaries = [summary for summary in listed["BackupSummaries"] if wanted in {summary["BackupType"], "ALL"}]
        return listed | {"BackupSummaries": summaries}

    def delete_table(self, call: "Call") -> dict[str, Any]:
        """DeleteTable: a table with PITR leaves a SYSTEM backup."""
        table = self.table(call)
        deleting = table.status.status(self.now) == "DELETING"
        # A table that is DELETING is described with less.
        description = self._described_for_backup(table) if not deleting else {}
        answer = super().delete_table(call)
        if not deleting and table.recovery_period is not None:
            self.schedule(self.now + SYSTEM_BACKUP_SECONDS, lambda _: self._keep_deleted(table, description))
        return answer

    def _keep_deleted(self, table: ControlledTable, description: dict[str, Any]) -> None:
        name, region = table.moto.name, table.moto.region_name
        backup = Backup(self.aws.account, region, f"{name}$DeletedTableBackup", table.moto, type_="SYSTEM")
        backup.identifier = f"{backup.identifier.partition('-')[0]}-00000000"
        self.backend(region).backups[backup.arn] = backup
        self._keep(backup, table, description | {"SourceTableFeatureDetails": {}})

    def _keep(self, backup: Backup, table: ControlledTable, description: dict[str, Any]) -> None:
        """Remember of a backed up table what moto does not."""
        restorable = copy.deepcopy(_restorable(table))
        restorable.table = backup.table
        restorable.description = description
        self._backups[backup.arn] = restorable

    def _described_for_backup(self, table: ControlledTable) -> dict[str, Any]:
        """Return SourceTableDetails and SourceTableFeatureDetails: a feature that is off is absent."""
        described = self.described(table)
        same = ("TableName", "TableId", "TableArn", "TableSizeBytes", "KeySchema", "OnDemandThroughput", "ItemCount")
        of_index = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")
        details = {key: described[key] for key in same if key in described} | {
            "TableCreationDateTime": table.moto.created_at,
            "ProvisionedThroughput": {unit: described.get("ProvisionedThroughput", {}).get(unit, 0) for unit in UNITS},
            "BillingMode": table.billing_mode,
        }
        ttl = table.ttl.status(self.now)
        features = {
            "GlobalSecondaryIndexes": _only(of_index, described.get("GlobalSecondaryIndexes")),
            "LocalSecondaryIndexes": _only(of_index[:3], described.get("LocalSecondaryIndexes")),
            "StreamDescription": described.get("StreamSpecification"),
            "TimeToLiveDescription": {"TimeToLiveStatus": ttl, "AttributeName": table.ttl_attribute}
            if ttl in {"ENABLED", "ENABLING"}
            else None,
            "SSEDescription": described.get("SSEDescription"),
        }
        return {
            "SourceTableDetails": details,
            "SourceTableFeatureDetails": {name: value for name, value in features.items() if value},
        }

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
        return self._restore(call, self._backups[arn], summary)

    def _source(self, call: "Call") -> ControlledTable:
        sent = call.parameters
        if ("SourceTableArn" in sent) == ("SourceTableName" in sent):
            raise invalid("Invalid Request: Must provide exactly one of: sourceTableArn, sourceTableName")
        arn = sent.get("SourceTableArn") or self._arn(call.region, sent["SourceTableName"])
        match = TABLE_ARN.fullmatch(arn)
        if not match:
            raise invalid("sourceTableArn is not a valid ARN")
        if match["account"] != self.aws.account:
            raise invalid("This action is only supported by accounts that match the resource owner\u2019s account.")
        source = self.find(arn)
        if source is None or source.status.status(self.now) in {"CREATING", "DELETING"}:
            raise AwsError("TableNotFoundException", f"Table not found: {match['name']}")
        return source

    def _restore(self, call: "Call", source: Restorable, summary: dict[str, Any]) -> dict[str, Any]:
        name = call.parameters["TargetTableName"]
        self._check_target(call.region, name)
        if source.table.region_name != call.region and "SSESpecificationOverride" not in call.parameters:
            raise invalid("Invalid Request: sseSpecificationOverride must be provided for cross-region restores")
        restored = _restored(call, source)
        seconds = self.aws.restore_seconds
        active_at = self.now + (seconds(name) if callable(seconds) else seconds)
        controlled = self.control(restored.table, Transition("CREATING", "ACTIVE", active_at))
        controlled.restore = summary
        controlled.on_demand_throughput = restored.on_demand_throughput
        controlled.index_on_demand_throughput = restored.index_on_demand_throughput
        index_status = Transition("CREATING", "ACTIVE", active_at + self.aws.delays.restored_index)
        controlled.indexes = dict.fromkeys(controlled.index_names(), index_status)
        self.backend(call.region).tables[name] = restored.table
        return {"TableDescription": self.described(controlled)}

    def _check_target(self, region: str, name: str) -> None:
        target = self.find(self._arn(region, name))
        if target and target.restore and target.status.status(self.now) == "CREATING":
            raise AwsError("TableInUseException", f"Table is already being restored: {name}")
        if target:
            raise AwsError("TableAlreadyExistsException", f"Table already exists: {name}")
        restoring = sum(
            table.restore is not None and table.status.status(self.now) == "CREATING"
            for table in self._controlled.values()
        )
        if restoring >= self.aws.concurrent_restores:
            most = self.aws.concurrent_restores
            message = f"Subscriber limit exceeded: Only {most} restore operations can be done simultaneously"
            raise AwsError("LimitExceededException", message)


def _only(keys: tuple[str, ...], parts: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{key: part[key] for key in keys if key in part} for part in parts or []]


def _restorable(table: ControlledTable) -> Restorable:
    return Restorable(table.moto, table.on_demand_throughput, table.index_on_demand_throughput)


def _restored(call: "Call", source: Restorable) -> Restorable:
    """Return the new table: the source's keys, indexes, capacity, encryption and items, but for what is overridden."""
    sent = call.parameters
    mode = sent.get("BillingModeOverride", source.table.billing_mode or "PROVISIONED")
    indexes = _wanted(source.table.global_indexes, sent.get("GlobalSecondaryIndexOverride"))
    local = _wanted(source.table.indexes, sent.get("LocalSecondaryIndexOverride"))
    if mode == "PROVISIONED":
        throughput = sent.get("ProvisionedThroughputOverride") or _capacity(source.table.throughput)
        _check_capacity(throughput, "ProvisionedThroughputOverride")
        for index in indexes:
            _check_capacity(index["ProvisionedThroughput"], f"ProvisionedThroughput of index {index['IndexName']}")
    elif "ProvisionedThroughputOverride" in sent:
        raise invalid("Invalid Request: Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED")
    else:
        throughput = None
        indexes = [index | {"ProvisionedThroughput": None} for index in indexes]
    schemas = [source.table.schema, *(index["KeySchema"] for index in (*indexes, *local))]
    used = {key["AttributeName"] for schema in schemas for key in schema}
    table = Table(  # type: ignore[abstract]  # moto itself leaves out what CloudFormation needs
        sent["TargetTableName"],
        account_id=source.table.account_id,
        region=call.region,
        schema=copy.deepcopy(source.table.schema),
        attr=[attribute for attribute in source.table.attr if attribute["AttributeName"] in used],
        throughput=throughput and dict(throughput),
        billing_mode=mode,
        global_indexes=indexes,
        indexes=local,
        sse_specification=copy.deepcopy(sent.get("SSESpecificationOverride", source.table.sse_specification)),
    )
    table.items = copy.deepcopy(source.table.items)
    if mode == "PROVISIONED":
        return Restorable(table)
    kept = {index["IndexName"] for index in indexes}
    return Restorable(
        table,
        sent.get("OnDemandThroughputOverride", source.on_demand_throughput),
        {name: most for name, most in source.index_on_demand_throughput.items() if name in kept},
    )


def _wanted(of_source: list[Any], override: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return the indexes to restore: those of the override, which must be the source's, or all."""
    known = {index.name: index.describe() for index in of_source}
    if override is None:
        override = [{"IndexName": name} for name in known]
    indexes = []
    for wanted in override:
        name = wanted["IndexName"]
        source = known.get(name, {})
        if any(wanted.get(part, source.get(part)) != source.get(part) for part in ("KeySchema", "Projection")):
            raise invalid(
                f"Invalid Request: Index {name} does not match a secondary index that existed in the source table and "
                "cannot be created during the restore operation"
            )
        index = {part: copy.deepcopy(source[part]) for part in source.keys() - NOT_RESTORED_OF_AN_INDEX}
        capacity = wanted.get("ProvisionedThroughput") or _capacity(source.get("ProvisionedThroughput", {}))
        indexes.append(index | {"ProvisionedThroughput": capacity})
    return indexes


def _capacity(throughput: dict[str, Any]) -> dict[str, int]:
    """Return the capacity units, empty if there are none, as on an on-demand table."""
    return {name: throughput[name] for name in UNITS if throughput.get(name)}


def _check_capacity(throughput: dict[str, int], name: str) -> None:
    if not throughput:
        raise invalid(
            f"One or more parameter values were invalid: {name} must be specified when an on-demand table is restored "
            "as PROVISIONED"
        )
