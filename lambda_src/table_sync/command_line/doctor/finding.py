"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

APPLY = "apply the module again"
"""What to do about a part that is missing or has been changed."""


class Status(StrEnum):
    """How a check ends."""

    OK = "ok"
    PROBLEM = "problem"
    UNREADABLE = "unreadable"
    """AWS did not say, mostly because the caller may not read it."""


@dataclass(frozen=True)
class Finding:
    """One line of the output."""

    check: str
    status: Status
    message: str
    what_to_do: str = ""
    """Of a problem, and of what is unreadable."""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as JSON types."""
        what_to_do = {"what_to_do": self.what_to_do} if self.what_to_do else {}
        return {"check": self.check, "status": self.status.value, "message": self.message} | what_to_do


@dataclass
class Result:
    """What one check comes to: its problems and what it could not read, or `summary` if there is neither."""

    summary: str = ""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """What is wrong, and what to do."""
    unreadable: list[UnreadableError] = field(default_factory=list)

    def problem(self, message: str, what_to_do: str) -> None:
        """Add a problem; both texts are without a full stop."""
        self.problems.append((message, what_to_do))

    def findings(self, check: str) -> list[Finding]:
        """Return the lines of the check, at least one."""
        lines = [Finding(check, Status.PROBLEM, message, what_to_do) for message, what_to_do in self.problems]
        lines += [Finding(check, Status.UNREADABLE, str(error), error.what_to_do) for error in self.unreadable]
        return lines or [Finding(check, Status.OK, self.summary)]


class UnreadableError(Exception):
    """A check cannot be made; the message says why, without a full stop."""

    def __init__(self, message: str, what_to_do: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.what_to_do = what_to_do


def listed(words: Iterable[str]) -> str:
    """Return the words with commas between them."""
    return ", ".join(words)
