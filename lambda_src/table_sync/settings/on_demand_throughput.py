"""On-demand maximum throughput of the table and its global secondary indexes.

A restore keeps it, unless the call that restored the table overrode it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.aws import not_ready
from table_sync.errors import BusyError
from table_sync.settings.api_shape import checked
from table_sync.settings.setting import Change, Obstacle, Status, is_not_ready, other_billing_mode, without_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.aws import Table

NAME = "on_demand_throughput"
TOGGLE = "enable_on_demand_throughput_settings"
DEFAULT = True
REGION_BOUND = False
READ_ACTIONS = ()
WRITE_ACTIONS = ("dynamodb:UpdateTable",)
NEEDS = None

_UNITS = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
_TABLE = ""
_INDEX = "GlobalSecondaryIndexDescription"


@dataclass(frozen=True)
class OnDemandThroughput:
    """What decides whether a table can have a maximum, and those that it has."""

    billing_mode: str
    table_status: str
    indexes: Mapping[str, str]
    """IndexStatus by name."""
    maximums: Mapping[str, Mapping[str, int]]
    """Request units by index name, "" for the table; only those that are limited."""

    def __bool__(self) -> bool:
        """Say whether anything is limited."""
        return any(self.maximums.values())


def fetch(table: Table) -> dict[str, Any] | None:
    """Return OnDemandThroughput of the table and of its GlobalSecondaryIndexes, where the description limits them."""
    table.require_field("dynamodb", "TableDescription", "OnDemandThroughput")
    indexes = [
        {"IndexName": index["IndexName"], "OnDemandThroughput": maximum}
        for index in table.description.get("GlobalSecondaryIndexes", [])
        if (maximum := _maximum(index))
    ]
    maximum = _maximum(table.description)
    of_table = {"OnDemandThroughput": maximum} if maximum else {}
    by_name = sorted(indexes, key=lambda index: str(index["IndexName"]))
    return (of_table | ({"GlobalSecondaryIndexes": by_name} if by_name else {})) or None


def parse(value: dict[str, Any] | None, table: Table) -> OnDemandThroughput:
    """Return the maximums of a TableDescription."""
    maximums: dict[str, dict[str, int]] = {}
    if value is not None:
        table.require_field("dynamodb", "TableDescription", "OnDemandThroughput")
        description = checked(value, "dynamodb", "TableDescription")
        for part in (description, *description.get("GlobalSecondaryIndexes", [])):
            name = _TABLE if part is description else checked(part, "dynamodb", _INDEX, "IndexName")["IndexName"]
            if maximum := _maximum(part):
                maximums[name] = maximum
    return OnDemandThroughput(table.billing_mode, table.status, table.indexes, maximums)


def _maximum(description: Mapping[str, Any]) -> dict[str, int]:
    """Return what is limited; -1 stands for no maximum (API reference)."""
    throughput = description.get("OnDemandThroughput") or {}
    return {units: throughput[units] for units in _UNITS if throughput.get(units, -1) > 0}


def plan(source: OnDemandThroughput, target: OnDemandThroughput) -> list[Change | Obstacle]:
    """Plan one call for the table and one for its indexes; a maximum that only the target has stays."""
    wanted = {
        name: {**target.maximums.get(name, {}), **maximum}
        for name, maximum in sorted(source.maximums.items())
        if not maximum.items() <= target.maximums.get(name, {}).items()
    }
    if not wanted:
        return []
    if target.billing_mode != "PAY_PER_REQUEST":
        return [Obstacle(Status.SKIPPED, other_billing_mode(target.billing_mode))]
    if target.table_status != "ACTIVE":
        return [is_not_ready(target.table_status)]
    unready = [name for name in wanted if name != _TABLE and target.indexes.get(name) != "ACTIVE"]
    present = {name: {"OnDemandThroughput": target.maximums.get(name, {})} for name in wanted}
    changes = []
    if _TABLE in wanted:
        changes.append(Change("UpdateTable", {"OnDemandThroughput": wanted[_TABLE]}, present=present[_TABLE]))
    # DynamoDB takes any number of indexes in one call, and no index beside the table (live probe, October 2026).
    updates = [
        {"Update": {"IndexName": name, "OnDemandThroughput": maximum}}
        for name, maximum in wanted.items()
        if name not in {_TABLE, *unready}
    ]
    if updates:
        there = [{"Update": {"IndexName": name, **present[name]}} for name in wanted if name not in {_TABLE, *unready}]
        name = "GlobalSecondaryIndexUpdates"
        changes.append(Change("UpdateTable", {name: updates}, present={name: there}))
    return [*changes, *(_obstacle(name, target.indexes.get(name)) for name in unready)]


def _obstacle(index: str, status: str | None) -> Obstacle:
    if status is None:
        return without_index(index, "its maximum throughput is")
    return is_not_ready(status, index)


def apply(change: Change, table: Table) -> str:
    """Set the maximums of the table, which is done at once, or of indexes, which are UPDATING for seconds.

    Raises:
        BusyError: the call before has not ended.
        botocore.exceptions.ClientError: AWS refused the write.

    """
    if table.updating:
        raise BusyError(table.updating)
    table.update(**change.parameters)
    busy = [not_ready(status, name) for name, status in table.indexes.items() if status != "ACTIVE"]
    return table.updating or "; ".join(busy)
