"""A figure that was measured, and the limit that it is held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limit:
    """At most `most`, or at least `least`, both in the figure's unit; `reason` says why a figure does not get there."""

    most: float | None = None
    least: float | None = None
    reason: str = ""

    def met(self, value: float) -> bool:
        """Whether `value` keeps the limit."""
        # What floats add up to may be off in the last digits.
        slack = 1e-6
        return (self.most is None or value <= self.most + slack) and (self.least is None or value >= self.least - slack)

    def __str__(self) -> str:
        """Say what is allowed."""
        return f"at most {number(self.most)}" if self.most is not None else f"at least {number(self.least)}"


@dataclass(frozen=True)
class Figure:
    """What was measured. `steady` figures come from the embedded AWS's clock: they are the same on any machine."""

    topic: str
    name: str
    value: float
    unit: str
    limit: Limit | None = None
    steady: bool = True

    @property
    def verdict(self) -> str:
        """ok, missed, or "" where there is no limit."""
        if self.limit is None:
            return ""
        return "ok" if self.limit.met(self.value) else "missed"

    @property
    def sentence(self) -> str:
        """What is wrong, of a figure that misses its limit."""
        measured = f"{self.topic}, {self.name}: {number(self.value)} {self.unit}".strip()
        reason = f", because {self.limit.reason}" if self.limit and self.limit.reason else ""
        return f"{measured}, where {self.limit} is wanted{reason}."

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as JSON types."""
        described: dict[str, Any] = {"topic": self.topic, "name": self.name, "value": self.value, "unit": self.unit}
        if self.limit is not None:
            described |= {"limit": str(self.limit), "verdict": self.verdict}
        return described | {"steady": self.steady}


def number(value: float | None) -> str:
    """Write a number with no more digits than a reader wants."""
    if value is None:
        return "-"
    if 0 < abs(value) < 0.1:
        return f"{value:.2g}"
    return f"{value:,.3f}".rstrip("0").rstrip(".")
