"""What a restore loses, one module a setting, in the order in which it is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from table_sync.settings import auto_scaling, kinesis, pitr, stream, tags, triggers, ttl

if TYPE_CHECKING:
    from table_sync.settings.setting import Setting

# Triggers need the stream. Auto scaling is last: a minimum above the present capacity makes
# the service send an UpdateTable of its own, which no other setting shall have to wait for.
SETTINGS: tuple[Setting[Any], ...] = (tags, kinesis, stream, triggers, ttl, pitr, auto_scaling)
