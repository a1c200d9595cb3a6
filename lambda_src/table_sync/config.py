"""Typed configuration from the environment: the upper-case names of the module's inputs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.queue.table_filter import TableFilter
from table_sync.settings import SETTINGS, triggers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BOOLEANS = {"true": True, "false": False}
_TABLE_NAME_PATTERN = re.compile(r"[a-zA-Z0-9_.*-]+")


class ConfigurationError(ValueError):
    """An environment variable has a value that is not allowed."""


@dataclass(frozen=True)
class Config:
    """What the environment says; every variable has a default."""

    enabled: frozenset[str]
    """Names of the settings whose toggle is on."""
    create_triggers_disabled: bool
    table_filter: TableFilter
    outcome_events: bool
    event_bus_arn: str
    """Empty for the default bus."""
    queue_url: str
    dlq_url: str
    records_bucket: str
    """Empty if there are no records and no restore archive."""
    max_attempts: float
    backoff_base_seconds: float
    backoff_rate: float
    backoff_max_delay_seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Read the configuration.

        Raises:
            ConfigurationError: a value is not what its variable takes.

        """
        return cls(
            enabled=frozenset(
                setting.NAME
                for setting in SETTINGS
                if _boolean(environment, setting.TOGGLE.upper(), default=setting.DEFAULT)
            ),
            create_triggers_disabled=_boolean(environment, "CREATE_TRIGGERS_DISABLED", default=False),
            table_filter=TableFilter(
                include=_patterns(environment, "INCLUDE_TABLES", default=""),
                exclude=_patterns(environment, "EXCLUDE_TABLES", default="awsbackup-restore-test-*"),
            ),
            outcome_events=_boolean(environment, "ENABLE_OUTCOME_EVENTS", default=True),
            event_bus_arn=environment.get("EVENT_BUS_ARN", ""),
            queue_url=environment.get("QUEUE_URL", ""),
            dlq_url=environment.get("DLQ_URL", ""),
            records_bucket=environment.get("RECORDS_BUCKET", ""),
            max_attempts=_number(environment, "MAX_ATTEMPTS", default=1000, least=1),
            backoff_base_seconds=_number(environment, "BACKOFF_BASE_SECONDS", default=15, least=1),
            backoff_rate=_number(environment, "BACKOFF_RATE", default=1.015, least=1),
            backoff_max_delay_seconds=_number(environment, "BACKOFF_MAX_DELAY_SECONDS", default=175, least=1),
        )

    @property
    def adapt(self) -> dict[str, Callable[[Any], Any]]:
        """By setting, what makes of the source's value the one that the target shall have."""
        return {triggers.NAME: triggers.disabled} if self.create_triggers_disabled else {}


def _boolean(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environment.get(name, str(default)).strip().lower()
    if value not in _BOOLEANS:
        raise ConfigurationError(f"{name} is {environment[name]!r}: set it to true or false.")
    return _BOOLEANS[value]


def _patterns(environment: Mapping[str, str], name: str, *, default: str) -> tuple[str, ...]:
    patterns = tuple(pattern.strip() for pattern in environment.get(name, default).split(",") if pattern.strip())
    wrong = next((pattern for pattern in patterns if not _TABLE_NAME_PATTERN.fullmatch(pattern)), None)
    if wrong:
        raise ConfigurationError(f"{name} has {wrong!r}: set it to table names, with * for any characters.")
    return patterns


def _number(environment: Mapping[str, str], name: str, *, default: float, least: float) -> float:
    try:
        value = float(environment.get(name, default))
    except ValueError:
        value = float("nan")
    if not least <= value < float("inf"):
        raise ConfigurationError(f"{name} is {environment[name]!r}: set it to a number that is at least {least}.")
    return value
