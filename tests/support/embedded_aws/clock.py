"""The one clock that rules the embedded AWS."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import time as real_time  # as it is before a runtime gives its function the embedded clock's
from types import SimpleNamespace
from typing import Self
from unittest.mock import patch


class Clock:
    """Epoch seconds that move only when told to, or with real time plus whatever was advanced."""

    def __init__(self, start: float | None = None, *, running: bool = False) -> None:
        """Start at `start` (epoch seconds, by default the present second); `running` adds real time to it."""
        real = real_time()
        self._offset = float(int(real)) if start is None else float(start)
        self._origin = real if running else None
        if running and start is None:
            self._offset = real
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        return self._origin is not None

    def now(self) -> float:
        """Return epoch seconds."""
        with self._lock:
            return self._offset if self._origin is None else self._offset + real_time() - self._origin

    def datetime(self) -> dt.datetime:
        """Return now, aware and in UTC."""
        return dt.datetime.fromtimestamp(self.now(), dt.UTC)

    def advance(self, seconds: float) -> None:
        """Move time forward by `seconds`; raise ValueError if it would run backwards."""
        if seconds < 0:
            message = f"The clock cannot run backwards, and {seconds} s would; pass zero or more."
            raise ValueError(message)
        with self._lock:
            self._offset += seconds

    def sleep(self, seconds: float) -> None:
        """Advance by `seconds`: a stand-in for `time.sleep`."""
        self.advance(seconds)


@contextmanager
def moto_time(clock: Clock) -> Iterator[None]:
    """Let moto take its time from `clock`.

    Nearly everything in moto asks `moto.core.utils.utcnow`, which looks up `datetime` in its module when called.
    Application Auto Scaling asks `time.time`.
    """
    from moto.applicationautoscaling import models as auto_scaling  # noqa: PLC0415 (slow to import, wanted only here)
    from moto.core import utils  # noqa: PLC0415 (as above)

    class ClockDatetime(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.now(), tz)

    clock_datetime = SimpleNamespace(
        **{name: getattr(dt, name) for name in ("date", "time", "timedelta", "timezone", "tzinfo", "UTC")},
        datetime=ClockDatetime,
    )
    with ExitStack() as patches:
        patches.enter_context(patch.object(utils, "datetime", clock_datetime))
        patches.enter_context(patch.object(auto_scaling, "time", SimpleNamespace(time=clock.now)))
        yield
