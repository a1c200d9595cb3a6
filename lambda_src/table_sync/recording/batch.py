"""One batch of the recorder's messages: each is recorded and done, or returned to the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from table_sync.recording.task import NotATaskError, Task, parse
from table_sync.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from table_sync.aws import Location
    from table_sync.queue.message import Message
    from table_sync.recording.recorder_config import RecorderConfig


class RecorderBatch:
    """The messages of one invocation."""

    def __init__(self, config: RecorderConfig, own: Location, seconds_left: Callable[[], float]) -> None:
        """Prepare, without a call.

        Args:
            config: of the recorder.
            own: where the recorder is.
            seconds_left: how long the invocation may still take.

        """
        self._config = config
        self._own = own
        self._seconds_left = seconds_left
        self._returned: list[str] = []

    def process(self, messages: Sequence[Message]) -> list[str]:
        """Do what the messages ask for; return the IDs of the messages that must come back."""
        for message in messages:
            self._task(message)
        return self._returned

    def _task(self, message: Message) -> Task | None:
        """Return what a message asks for; one that is not understood is dropped, because the next sweep repeats it."""
        try:
            return parse(message.body, self._own)
        except NotATaskError as error:
            logger.warning("The message is dropped", extra={"reason": str(error)})
            return None
