"""What every setting is: a module with four verbs."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from table_sync.aws import not_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from table_sync.aws import Table

Value = TypeVar("Value")


class Status(StrEnum):
    """How a setting ends."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    DIFFERS = "differs"
    """A dry run found that source and target differ."""
    PENDING = "pending"
    """AWS is still working, or a transient error."""
    SKIPPED = "skipped"
    FAILED = "failed"


HIDDEN = "(encrypted)"
"""What stands for a secret value."""
# Shorter ones tell nothing, and are part of many words.
_SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Change:
    """One write: an API operation and its parameters, less those that only name the table.

    Whoever shows a change, on a screen, in a log or in an event, takes `shown` and `redacted`.
    """

    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    undone: str = field(default="", compare=False)
    """Why AWS gave up on the same write earlier, if it did."""
    part: str = field(default="", compare=False)
    """What the write is for, if others are for the same: once it has been refused for good, they are not tried."""
    awaits: str = field(default="", compare=False)
    """What the setting's need has to bring first, if it is not there."""
    depends_on: str = field(default="", compare=False)
    """Name of another setting, earlier in the order, without which the write would have no effect."""
    secret: frozenset[str] = field(default=frozenset(), compare=False)
    """Names of the parameters that are sent and never shown."""
    subject: str = field(default="", compare=False)
    """What the write is about, such as one alarm of several; "" for the table itself."""
    present: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """The target's values of the parameters, less those that it does not have; None if it has nothing of the kind."""

    @property
    def shown(self) -> dict[str, Any]:
        """Parameters as people may see them."""
        return {name: HIDDEN if name in self.secret else value for name, value in self.parameters.items()}

    def redacted(self, text: str) -> str:
        """Return a text about the write without its secrets, which AWS and botocore may quote in an error."""
        for name in self.secret & self.parameters.keys():
            for value in _values(self.parameters[name]):
                # As they are, as JSON and as Python write them.
                for quoted in (value, json.dumps(value)[1:-1], repr(value)[1:-1]):
                    text = text.replace(quoted, HIDDEN)
        return text


def _values(node: Any) -> Iterator[str]:  # noqa: ANN401 (any JSON)
    """Yield the strings and numbers in a parameter, and those in JSON that is one of them."""
    if isinstance(node, dict):
        for value in node.values():
            yield from _values(value)
    elif isinstance(node, list):
        for item in node:
            yield from _values(item)
    elif isinstance(node, (int, float)) and len(str(node)) >= _SHORTEST_SECRET and not isinstance(node, bool):
        yield str(node)
    elif isinstance(node, str) and len(node) >= _SHORTEST_SECRET:
        yield node
        with suppress(ValueError):
            yield from _values(json.loads(node))


@dataclass(frozen=True)
class Obstacle:
    """A part of the setting that no write can bring about now.

    The status is PENDING (it will pass by itself), FAILED (it will not), SKIPPED (the target cannot have the setting)
    or UNCHANGED (a part is left out, the rest of the setting stands).
    """

    status: Status
    reason: str
    left_alone: bool = False
    """Whether the target has something else there, which may be on purpose."""

    @property
    def differs(self) -> bool:
        """Whether source and target are known to differ in what no write is made for."""
        return self.left_alone or self.status is Status.FAILED


def is_not_ready(status: str, index: str = "") -> Obstacle:
    """Return the obstacle that the target, or an index of it, is still being worked on."""
    return Obstacle(Status.PENDING, not_ready(status, index))


def no_index(index: str) -> str:
    """Say that the target lacks an index of the source: a restore may leave some out."""
    return f"index {index} is not on the target"


def other_billing_mode(billing_mode: str) -> str:
    """Say that the target has a billing mode with which it cannot have something."""
    return f"the target's billing mode is {billing_mode}"


def without_index(index: str, left_out: str) -> Obstacle:
    """Return the obstacle that the target lacks an index, with what is left out for it."""
    return Obstacle(Status.UNCHANGED, f"{no_index(index)}: {left_out} left out")


@dataclass(frozen=True)
class Need:
    """What a setting lives on."""

    setting: str
    """Name of the setting that brings it, which comes earlier in the order."""
    there: Callable[[Table], bool] | None = None
    """Whether a described table has it; None where a description does not tell."""
    of_part: bool = False
    """Only a part of the setting lives on it, and the rest does without."""


class Setting(Protocol[Value]):
    """A setting of a table. A value is falsy when the table has nothing of the setting."""

    NAME: str
    """Key in the report."""
    TOGGLE: str
    """The Terraform input that turns it on, and in upper case the environment variable."""
    DEFAULT: bool
    """Whether it is on where nothing says otherwise.

    It is if copying costs nothing and has no effect outside the table, or if the SAM sample has it on.
    """
    REGION_BOUND: bool
    """It names resources that have to be in the table's Region."""

    @property
    def READ_ACTIONS(self) -> tuple[str, ...]:  # noqa: N802 (a constant; as a property, a tuple of any length will do)
        """IAM actions that the role needs for `fetch`, with those that AWS checks on the caller for other services."""

    @property
    def WRITE_ACTIONS(self) -> tuple[str, ...]:  # noqa: N802 (as above)
        """IAM actions that the role needs to copy it besides, likewise. settings.tf grants both, and nothing else."""

    @property
    def NEEDS(self) -> Need | None:  # noqa: N802 (a constant; as a property, None will do for its type)
        """What it lives on, if another setting brings that."""

    def fetch(self, table: Table) -> dict[str, Any] | None:
        """Return what a described table has as JSON, in the field names of the AWS API; makes all calls.

        A record holds it as it is. So it has no secret, nothing that changes by itself (such as the time of a state),
        lists in an order of their own, and times as text with a time zone.

        Returns:
            None if the table has nothing of the setting.

        Raises:
            botocore.exceptions.ClientError: AWS refused a read.
            table_sync.errors.FinalError: boto3 is too old to read it.

        """

    def parse(self, value: dict[str, Any] | None, table: Table) -> Value:
        """Return the value that a JSON value stands for; makes no call.

        Args:
            value: what fetch() returned, possibly of another version and from a record, which is untrusted. Fields that
                are not known are ignored.
            table: whose value it is, described.

        Raises:
            table_sync.settings.api_shape.InvalidValueError: a field is missing or has another type, or it is not about
                this table.
            table_sync.errors.FinalError: boto3 is too old to know a field.

        """

    def plan(self, source: Value, target: Value) -> list[Change | Obstacle]:
        """Return the changes that make target equal to source; pure."""

    def apply(self, change: Change, table: Table) -> str:
        """Make one write.

        Returns:
            what AWS is still working on, "" when it is done.

        Raises:
            botocore.exceptions.ClientError: AWS refused the write.
            table_sync.errors.BusyError: AWS would refuse it, because of an earlier write.
            table_sync.errors.GoneError: what the change refers to does not exist.

        """
