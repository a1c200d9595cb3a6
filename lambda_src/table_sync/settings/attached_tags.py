"""Tags of what belongs to a table and has tags of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings.setting import Change

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tagged:
    """An ARN, and the tags less those that only AWS may set (prefix aws:)."""

    arn: str
    tags: Mapping[str, str]


def tagged(arn: str, tags: Mapping[str, str]) -> Tagged:
    """Return an ARN with its tags as Lambda and Application Auto Scaling list them."""
    return Tagged(arn, {key: value for key, value in sorted(tags.items()) if not key.startswith("aws:")})


def step(source: Tagged, target: Tagged | None, parameter: str, what: str) -> Change | None:
    """Return one call for all tags that are missing or different; those that only the target has stay.

    Args:
        source: has the tags.
        target: gets them, when it is there.
        parameter: in which TagResource takes the ARN.
        what: the target, in words.

    """
    missing = {key: value for key, value in source.tags.items() if target is None or target.tags.get(key) != value}
    if not missing:
        return None
    parameters: dict[str, Any] = {"Tags": missing}
    if target is None:
        return Change("TagResource", parameters, awaits=f"{what} is not on the target")
    return Change("TagResource", {parameter: target.arn, **parameters})
