"""Statuses that change, and values that show, some time after the call that set them off."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Transition:
    """A status that is `now` until `at` (epoch seconds) and `then` from there on."""

    now: str
    then: str = ""
    at: float = 0.0

    def status(self, time: float) -> str:
        """Return the status at `time` (epoch seconds)."""
        return self.then if self.then and time >= self.at else self.now

    def settled(self, time: float) -> bool:
        """Whether nothing more changes after `time`."""
        return not self.then or time >= self.at


@dataclass
class Lagging(Generic[T]):
    """A value that reads show only some seconds after it was written."""

    written: T
    _shown: T = field(init=False)
    _at: float = field(init=False, default=0.0)
    changed: float | None = field(init=False, default=None)
    """When it was written last (epoch seconds)."""

    def __post_init__(self) -> None:
        """Show the first value at once."""
        self._shown = self.written

    def write(self, value: T, time: float, lag: float) -> None:
        """Set the value at `time` (epoch seconds), to be seen `lag` seconds later."""
        self._shown = self.read(time)
        self.written, self._at, self.changed = value, time + lag, time

    def read(self, time: float) -> T:
        """Return what a read at `time` shows."""
        if time >= self._at:
            self._shown = self.written
        return self._shown

    def settled(self, time: float) -> bool:
        """Whether reads at `time` show what was written last."""
        return time >= self._at
