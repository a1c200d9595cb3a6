"""The names of what a rehearsal creates, and the tag by which they are found again."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

TAG = "table-sync-rehearsal"
"""Key of the tag of the source table; the value is the rehearsal's ID."""
PREFIX = f"{TAG}-"
_NAME = re.compile(rf"{PREFIX}(?P<id>[0-9]{{8}}t[0-9]{{6}}-[0-9a-f]{{8}})(?:-restored)?")


@dataclass(frozen=True)
class Names:
    """The names of one rehearsal. Nothing else has them: the ID has the time and 32 random bits."""

    rehearsal_id: str

    @classmethod
    def new(cls) -> Names:
        """Return names that are not taken."""
        return cls(f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(4)}")

    @classmethod
    def of(cls, table: str) -> Names | None:
        """Return the names of the rehearsal that may have created a table of that name, None if none has."""
        match = _NAME.fullmatch(table)
        return cls(match["id"]) if match else None

    @property
    def source(self) -> str:
        """The source table's, also the backup's."""
        return f"{PREFIX}{self.rehearsal_id}"

    @property
    def target(self) -> str:
        """The restored table's."""
        return f"{self.source}-restored"

    @property
    def alarm(self) -> str:
        """The alarm on the source table; the module puts the restored table's name into that of its copy."""
        return f"{self.source}-throttles"
