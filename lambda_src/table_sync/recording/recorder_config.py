"""Typed configuration of the recorder from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from table_sync.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.queue.table_filter import TableFilter

_RESTORE_TYPES = "point_in_time,backup,aws_backup"


@dataclass(frozen=True)
class RecorderConfig:
    """What the environment says; every variable has a default."""

    records_bucket: str
    """Empty: nothing is recorded."""
    recorder_queue_url: str
    """Of the queue of tables to record."""
    queue_url: str
    """Of the queue in which restores wait."""
    table_filter: TableFilter
    """Which restores of the event history are processed."""
    restore_types: frozenset[str]
    """Which kinds of restores are processed."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RecorderConfig:
        """Read the configuration.

        Raises:
            table_sync.config.ConfigurationError: a value is not what its variable takes.

        """
        return cls(
            records_bucket=environment.get("RECORDS_BUCKET", ""),
            recorder_queue_url=environment.get("RECORDER_QUEUE_URL", ""),
            queue_url=environment.get("QUEUE_URL", ""),
            table_filter=Config.from_environment(environment).table_filter,
            restore_types=frozenset(environment.get("RESTORE_TYPES", _RESTORE_TYPES).split(",")),
        )
