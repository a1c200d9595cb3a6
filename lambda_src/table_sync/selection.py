"""Which restores and which settings are synced."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from table_sync.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from table_sync.restore import Restore


class SelectionError(ValueError):
    """Settings cannot be selected as asked; the message is a sentence that says why and what to do."""


@dataclass(frozen=True)
class Selection:
    """Patterns of table names, in which `*` stands for any characters, or none.

    A pattern matches a restore if it matches the name of its source or that of its target.
    """

    include: tuple[str, ...] = ()
    """Empty for all."""
    exclude: tuple[str, ...] = ()
    """Wins over `include`."""

    def admits(self, restore: Restore) -> bool:
        """Say whether the restore is looked after."""
        names = [arn.rpartition("/")[2] for arn in (restore.source, restore.target)]
        return (not self.include or _any_matches(self.include, names)) and not _any_matches(self.exclude, names)


def select_settings(names: Collection[object], option: str) -> frozenset[str]:
    """Return the settings that the user named, if each comes with the setting that it needs.

    Args:
        names: of settings.
        option: in which they were named, for the error's message.

    Raises:
        SelectionError: there is no setting of a name, none was named, or a setting is named without its need.

    """
    known = [setting.NAME for setting in SETTINGS]
    unknown = [name for name in names if name not in known] if names else [""]
    if unknown:
        raise SelectionError(f"There is no setting {unknown[0]!r}: choose from {', '.join(known)}.")
    for setting in SETTINGS:
        need = setting.NEEDS
        if setting.NAME in names and need and not need.of_part and need.setting not in names:
            raise SelectionError(
                f"{setting.NAME} cannot be looked at without {need.setting}: add {need.setting} to {option}."
            )
    return frozenset(str(name) for name in names)


def _any_matches(patterns: Iterable[str], names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
