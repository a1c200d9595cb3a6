"""The settings that somebody names, each with the setting that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from table_sync.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Collection


class SelectionError(ValueError):
    """Settings cannot be selected as asked; the message is a sentence that says why and what to do."""


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
            raise SelectionError(f"{setting.NAME} needs {need.setting}: add {need.setting} to {option}.")
    return frozenset(str(name) for name in names)
