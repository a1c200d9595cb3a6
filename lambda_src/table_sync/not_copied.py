"""What a source table has and no setting copies, where the table's description shows it without another call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from table_sync.aws import Table

_INDEXES = {
    "GlobalSecondaryIndexes": "global secondary indexes",
    "LocalSecondaryIndexes": "local secondary indexes",
    "VectorIndexes": "vector indexes",
}
_UNITS = {"ReadUnitsPerSecond": "read", "WriteUnitsPerSecond": "write"}


def sentences(source: Table, target: Table) -> Iterator[str]:
    """Yield one sentence for each thing that the source has, the target lacks and no setting copies.

    A restored table belongs to no global table and has its own warm throughput. Its indexes and its encryption are
    those that the restore was called with (DynamoDB developer guide, Backup and restore: How it works; API reference,
    RestoreTableToPointInTime). A member that the runtime's botocore does not know is not reported.

    Args:
        source: described.
        target: described.

    """
    yield from _missing_regions("replicas", "Replicas", source, target)
    yield from _missing_regions("a global table witness", "GlobalTableWitnesses", source, target)
    for member, kind in _INDEXES.items():
        of_source, of_target = (_by_name(table, member) for table in (source, target))
        missing = [name for name in of_source if name not in of_target]
        if missing:
            yield f"The source has {kind} that the restored table does not have: {', '.join(missing)}."
    yield from _lower_warm_throughput("", source.description, target.description)
    of_source, of_target = (_by_name(table, "GlobalSecondaryIndexes") for table in (source, target))
    for name, index in of_source.items():
        yield from _lower_warm_throughput(f"index {name}", index, of_target.get(name, {}))
    yield from _other_key(source, target)


def _missing_regions(what: str, member: str, source: Table, target: Table) -> Iterator[str]:
    of_source, of_target = (
        {part["RegionName"] for part in table.description.get(member, []) if "RegionName" in part} - {table.region}
        for table in (source, target)
    )
    missing = sorted(of_source - of_target)
    if missing:
        yield f"The source has {what} in {', '.join(missing)}. The restored table does not."


def _by_name(table: Table, member: str) -> dict[str, Mapping[str, Any]]:
    return {index["IndexName"]: index for index in table.description.get(member, [])}


def _lower_warm_throughput(part: str, source: Mapping[str, Any], target: Mapping[str, Any]) -> Iterator[str]:
    of_source, of_target = (described.get("WarmThroughput", {}) for described in (source, target))
    for member, unit in _UNITS.items():
        if member in of_source and member in of_target and of_source[member] > of_target[member]:
            yield (
                f"The source's {part or 'table'} has a warm throughput of {of_source[member]} {unit} units per second. "
                f"The restored one has {of_target[member]}."
            )


def _other_key(source: Table, target: Table) -> Iterator[str]:
    of_source, of_target = (_kms_key(table) for table in (source, target))
    # A KMS key is of one Region: in another the restored table has to have another key.
    if of_source and of_source != of_target and not (of_target and source.region != target.region):
        used = of_target or "a key that AWS owns"
        yield f"The source is encrypted with the KMS key {of_source}. The restored table is encrypted with {used}."


def _kms_key(table: Table) -> str:
    """Return the ARN of the KMS key; a table without SSEDescription is encrypted with a key that AWS owns."""
    encryption = table.description.get("SSEDescription", {})
    return "" if encryption.get("Status") == "DISABLED" else str(encryption.get("KMSMasterKeyArn") or "")
