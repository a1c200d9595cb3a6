"""What a restore loses, one module a setting, in the order in which it is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from table_sync.settings import (
    alarms,
    auto_scaling,
    contributor_insights,
    deletion_protection,
    event_source_mapping_tags,
    kinesis,
    on_demand_throughput,
    pitr,
    resource_policy,
    scalable_target_tags,
    stream,
    table_class,
    tags,
    triggers,
    ttl,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from table_sync.aws import Table
    from table_sync.settings.setting import Setting

# A setting comes after the one that it needs. UpdateTable is taken one at a time: first the stream, whose triggers take
# longest, and the triggers before the table is UPDATING again. Auto scaling is last: a minimum above the present
# capacity makes the service send an UpdateTable of its own, which no other setting shall have to wait for.
SETTINGS: tuple[Setting[Any], ...] = (
    tags,
    kinesis,
    contributor_insights,
    deletion_protection,
    stream,
    triggers,
    event_source_mapping_tags,
    resource_policy,
    table_class,
    on_demand_throughput,
    ttl,
    pitr,
    alarms,
    auto_scaling,
    scalable_target_tags,
)

# What plan() needs besides the value that fetch() returns: what no record may hold, and what is not the table's own.
_COMPLETE: dict[str, Callable[[Any, Table, str], Any]] = {
    alarms.NAME: alarms.with_others,
    kinesis.NAME: kinesis.with_missing_streams,
    resource_policy.NAME: resource_policy.with_caller,
    triggers.NAME: triggers.with_encrypted_filters,
}


def read(setting: Setting[Any], table: Table) -> Any:  # noqa: ANN401 (the value of any setting)
    """Return what a described table has of a setting.

    Raises:
        botocore.exceptions.ClientError: AWS refused a read.
        table_sync.errors.FinalError: boto3 is too old to read it.

    """
    return complete(setting, setting.parse(setting.fetch(table), table), table, table.region)


def complete(setting: Setting[Any], value: Any, table: Table, region: str) -> Any:  # noqa: ANN401 (as above)
    """Return a parsed value with what plan() needs besides.

    Args:
        setting: of which the value is.
        value: what parse() returned.
        table: whose value it is. One that is deleted cannot be asked; what is left of it can.
        region: in which AWS is asked.

    Raises:
        botocore.exceptions.BotoCoreError: AWS cannot be reached.
        botocore.exceptions.ClientError: AWS refused a read.

    """
    return _COMPLETE[setting.NAME](value, table, region) if setting.NAME in _COMPLETE else value
