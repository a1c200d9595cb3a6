"""The body of an answer as the HTTP library of a caller in this process reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.core import botocore_stubber
from moto.core.botocore_stubber import MockRawResponse
from urllib3.exceptions import ProtocolError


class CutBody(bytes):
    """The part of a body after which the connection ends."""

    is_reset: bool
    """Whether by a reset, of which the library tells."""


class RawBody(MockRawResponse):
    """A body that may end early, as urllib3 reads it."""

    def __init__(self, body: str | bytes) -> None:
        """Read from `body`, which may be a CutBody."""
        super().__init__(body)
        self._is_reset = isinstance(body, CutBody) and body.is_reset

    def read(self, size: int | None = -1, /) -> bytes:
        """Return as much as was asked for, or what there is."""
        found = super().read(size)
        if self._is_reset and (size is None or size < 0 or len(found) < size):
            raise ProtocolError("Connection broken: ConnectionResetError(104, 'Connection reset by peer')")
        return found


@contextmanager
def read_as_streams() -> Iterator[None]:
    """Let moto hand such bodies to botocore."""
    with patch.object(botocore_stubber, "MockRawResponse", RawBody):
        yield
