"""Which restores are processed, by the names of their tables."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from table_sync.restore import Restore


@dataclass(frozen=True)
class TableFilter:
    """Patterns of table names, in which `*` stands for any characters, or none.

    A pattern matches a restore if it matches the name of its source or that of its target.
    """

    include: tuple[str, ...] = ()
    """Empty for all."""
    exclude: tuple[str, ...] = ()
    """Wins over `include`."""

    def admits(self, restore: Restore) -> bool:
        """Say whether the restore is processed."""
        names = [arn.rpartition("/")[2] for arn in (restore.source, restore.target)]
        return (not self.include or _any_matches(self.include, names)) and not _any_matches(self.exclude, names)


def _any_matches(patterns: Iterable[str], names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
