"""Tags of what belongs to a table and has tags of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync import aws
from table_sync.errors import OutOfTimeError
from table_sync.settings.setting import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# Each tagged thing takes a call of its own, of which Lambda allows 15 a second (Lambda quotas). So many fit any
# invocation, and are read anew each time. What more have is read in several attempts, none of it longer ago than this.
_READ_AT_ONCE = 50
_KEPT_SECONDS = 1800
# By ARN, when it was read (epoch seconds) and what.
_kept: dict[str, tuple[float, Mapping[str, str]]] = {}


@dataclass(frozen=True)
class Tagged:
    """An ARN, and the tags less those that only AWS may set (prefix aws:)."""

    arn: str
    tags: Mapping[str, str]


def tagged(arn: str, tags: Mapping[str, str]) -> Tagged:
    """Return an ARN with its tags as Lambda and Application Auto Scaling list them."""
    return Tagged(arn, {key: value for key, value in sorted(tags.items()) if not key.startswith("aws:")})


def read(arns: Iterable[str], list_tags: Callable[[str], Mapping[str, str]]) -> dict[str, Tagged]:
    """Return the tags of each ARN, by ARN.

    If they are too many for one invocation, later attempts of this process continue where it ended.

    Raises:
        table_sync.errors.OutOfTimeError: not all could be read in this attempt.

    """
    every = list(arns)
    if len(every) <= _READ_AT_ONCE or not aws.is_time_limited():
        return {arn: tagged(arn, list_tags(arn)) for arn in every}
    now = time.time()
    for arn in [arn for arn, (at, _) in _kept.items() if at < now - _KEPT_SECONDS]:
        del _kept[arn]
    for number, arn in enumerate(every):
        if arn in _kept:
            continue
        try:
            _kept[arn] = (now, list_tags(arn))
        except OutOfTimeError:
            raise OutOfTimeError(f"the tags of {number} of {len(every)} are read, the next attempt continues") from None
    return {arn: tagged(arn, _kept[arn][1]) for arn in every}


def wrote(arn: str, tags: Mapping[str, str]) -> None:
    """Take note of tags that were written."""
    if arn in _kept:
        at, present = _kept[arn]
        _kept[arn] = (at, {**present, **tags})


def step(source: Tagged, target: Tagged | None, parameter: str, what: str, part: str = "") -> Change | None:
    """Return one call for all tags that are missing or different; those that only the target has stay.

    Args:
        source: has the tags.
        target: gets them, when it is there.
        parameter: in which TagResource takes the ARN.
        what: the target, in words.
        part: that of the change which makes the target, if it may be left out.

    """
    missing = {key: value for key, value in source.tags.items() if target is None or target.tags.get(key) != value}
    if not missing:
        return None
    parameters: dict[str, Any] = {"Tags": missing}
    if target is None:
        return Change("TagResource", parameters, awaits=f"{what} is not on the target", part=part, subject=what)
    present = {"Tags": {key: target.tags[key] for key in missing if key in target.tags}}
    return Change("TagResource", {parameter: target.arn, **parameters}, subject=what, present=present)
