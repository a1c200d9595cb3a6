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
