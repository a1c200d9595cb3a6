"""What source and target have where they differ, made of the writes that would make them equal."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from table_sync.settings.setting import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from table_sync.settings.setting import Change

# Parameters that say which thing a write is about, or how it is made, and not what the thing is like.
_IDENTITY = {
    "AlarmName",
    "ContributorInsightsAction",
    "ExpectedRevisionId",
    "FunctionName",
    "IndexName",
    "PolicyName",
    "PolicyType",
    "Resource",
    "ResourceARN",
    "ResourceArn",
    "ResourceId",
    "ScalableDimension",
    "ScheduledActionName",
    "ServiceNamespace",
    "StreamArn",
}
# What tells the entries of a list apart.
_KEYS = ("Key", "IndexName", "Sid", "Id", "Name")
# A thing that the target lacks altogether is described by its values only if they are few.
_LONGEST_DESCRIPTION = 70

_Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A value of the source and that of the target; None where one of them has none."""

    subject: str
    """What it is a value of, such as one alarm of several; "" for the table itself."""
    name: str
    """Name of the value; "" for the subject as a whole."""
    source: Any
    target: Any

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON types."""
        subject = {"subject": self.subject} if self.subject else {}
        name = {"name": self.name} if self.name else {}
        return {**subject, **name, "source": self.source, "target": self.target}


def between(change: Change) -> list[Difference]:
    """Return what differs between source and target as long as the change is not made; secrets stay hidden."""
    wanted = _leaves(change.shown)
    if change.subject and change.present is None:
        return [Difference(change.subject, "", {_name(path): value for path, value in wanted.items()}, None)]
    present = _leaves(
        {name: HIDDEN if name in change.secret else value for name, value in (change.present or {}).items()}
    )
    return [
        Difference(change.subject, _name(path), wanted.get(path), present.get(path))
        for path in {**wanted, **present}
        if wanted.get(path) != present.get(path)
    ]


def described(change: Change) -> list[str]:
    """Return the differences as lines, such as `env: prod -> staging` (source -> target)."""
    found = between(change)
    if change.subject and change.present is None:
        return [_whole(difference) for difference in found]
    lines = [f"{one.name}: {text(one.source)} -> {text(one.target)}" for one in found]
    if not change.subject:
        return lines
    return [f"{change.subject}: {'; '.join(lines)}"]


def made(change: Change) -> list[str]:
    """Return what the change has given the target, as lines, such as `env: prod (before: staging)`."""
    found = between(change)
    if change.subject and change.present is None:
        return [_whole(difference, "added") for difference in found]
    lines = [f"{one.name}: {text(one.source)} (before: {_or_none(one.target)})" for one in found]
    return [f"{change.subject}: {'; '.join(lines)}"] if change.subject and lines else lines


def _or_none(value: Any) -> str:  # noqa: ANN401 (any JSON)
    return "none" if value is None else text(value)


def _whole(difference: Difference, then: str = "-> (none)") -> str:
    values = ", ".join(
        f"{name} {text(value)}" for name, value in difference.source.items() if value not in (False, None)
    )
    short = values and len(values) <= _LONGEST_DESCRIPTION
    return f"{difference.subject}{f' ({values})' if short else ''} {then}"


def text(value: Any) -> str:  # noqa: ANN401 (any JSON, and times)
    """Return a value on one line; (none) for None."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, dict):
        return f"({', '.join(f'{key}={text(item)}' for key, item in value.items())})"
    return " ".join(str(value).split())


def _leaves(parameters: Mapping[str, Any]) -> dict[_Path, Any]:
    """Return the values in parameters by the path that leads to each."""
    return dict(_walk((), {name: value for name, value in parameters.items() if name not in _IDENTITY}))


def _walk(path: _Path, node: Any) -> Iterator[tuple[_Path, Any]]:  # noqa: ANN401 (any JSON)
    if isinstance(node, str) and node.startswith("{"):
        # A policy document, or the pattern of a filter.
        with suppress(ValueError):
            node = json.loads(node)
    if isinstance(node, dict) and node.keys() == {"Value"}:
        yield path, node["Value"]
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _walk((*path, str(name)), value)
    elif isinstance(node, list) and (key := _key(_entries(node))):
        for item in _entries(node):
            rest = {name: value for name, value in item.items() if name != key}
            # The mark of an entry, which its values are named after.
            yield from _walk((*path, f"[{item[key]}]"), rest)
    elif node != []:
        yield path, node


def _entries(node: list[Any]) -> list[Any]:
    """Return the entries of a list, those of GlobalSecondaryIndexUpdates without what is done to them."""
    return [item["Update"] if isinstance(item, dict) and item.keys() == {"Update"} else item for item in node]


def _key(entries: list[Any]) -> str:
    """Return the name of the field that tells the entries of a list apart, "" if there is none."""
    objects = [entry for entry in entries if isinstance(entry, dict)]
    return next((key for key in _KEYS if objects and all(key in entry for entry in objects) and objects == entries), "")


def _name(path: _Path) -> str:
    """Return the last part of a path, after those of the entries that it leads through."""
    entries = [part[1:-1] for part in path if part.startswith("[")]
    last = [] if path[-1].startswith("[") else [path[-1]]
    return " ".join([*entries, *last])
