"""Typed configuration of the recorder from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class RecorderConfig:
    """What the environment says; every variable has a default."""

    records_bucket: str
    """Empty: nothing is recorded."""
    recorder_queue_url: str
    """Of the queue of tables to record."""
    queue_url: str
    """Of the queue in which restores wait."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RecorderConfig:
        """Read the configuration."""
        return cls(
            records_bucket=environment.get("RECORDS_BUCKET", ""),
            recorder_queue_url=environment.get("RECORDER_QUEUE_URL", ""),
            queue_url=environment.get("QUEUE_URL", ""),
        )
