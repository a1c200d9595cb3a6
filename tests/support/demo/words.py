"""A table's settings, as `tables.settings_of` reads them, in words that fit a cell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NONE = "-"


def words(setting: str, value: Any) -> str:
    """Say what a setting is, a line for each part of it; "-" for none."""
    if not value:
        return NONE
    return WORDS.get(setting, _as_json)(value) or NONE


def _tags(tags: Mapping[str, str]) -> str:
    return "\n".join(f"{key}={value}" for key, value in sorted(tags.items()))


def _kinesis(destinations: Mapping[str, str | None]) -> str:
    return "\n".join(f"{arn.rsplit('/', 1)[-1]}, {precision}" for arn, precision in sorted(destinations.items()))


def _stream(specification: Mapping[str, Any]) -> str:
    return str(specification.get("StreamViewType", "")) if specification.get("StreamEnabled") else ""


def _triggers(mappings: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(_trigger(arn, mapping) for arn, mapping in sorted(mappings.items()))


def _trigger(function_arn: str, mapping: Mapping[str, Any]) -> str:
    parts = [function_arn.partition(":function:")[2]]
    if mapping.get("State") != "Enabled":
        parts.append(str(mapping.get("State")).lower())
    if (mapping.get("FilterCriteria") or {}).get("Filters"):
        parts.append("with filter")
    destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if destination:
        parts.append(f"failures to {destination.rsplit(':', 1)[-1]}")
    return ", ".join(parts)


def _pitr(recovery: Sequence[Any]) -> str:
    status, days = recovery
    return f"{days} days" if status == "ENABLED" else ""


def _auto_scaling(found: Sequence[str]) -> str:
    scaled: dict[str, list[str]] = {}
    kinds = ("MinCapacity", "PolicyName", "ScheduledActionName")
    for kind in kinds:
        for entry in (entry for entry in map(json.loads, found) if kind in entry):
            index = entry["ResourceId"].partition("/index/")[2]
            scaled.setdefault(f"{index or 'table'} {_capacity(entry['ScalableDimension'])}", []).append(
                SCALING[kind](entry)
            )
    return "\n".join(f"{what} {', '.join(parts)}" for what, parts in sorted(scaled.items()))


def _capacity(dimension: str) -> str:
    return dimension.rpartition(":")[2].removesuffix("CapacityUnits").lower()


def _mapping_tags(tags: Mapping[str, Mapping[str, str]]) -> str:
    return "\n".join(f"of {arn.rpartition(':')[2]}:\n{_tags(of_it)}" for arn, of_it in sorted(tags.items()))


def _target_tags(tags: Mapping[str, Mapping[str, str]]) -> str:
    return "\n".join(
        f"{dimension.split(':')[1]} {_capacity(dimension)}: {_tags(of_it)}" for dimension, of_it in sorted(tags.items())
    )


def _bounds(target: Mapping[str, Any]) -> str:
    suspended = [SUSPENDED[name] for name, yes in target.get("SuspendedState", {}).items() if yes]
    return ", ".join([f"{target['MinCapacity']}-{target['MaxCapacity']}", *suspended])


def _as_json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


SUSPENDED = {
    "DynamicScalingInSuspended": "no scale-in",
    "DynamicScalingOutSuspended": "no scale-out",
    "ScheduledScalingSuspended": "no schedule",
}
SCALING: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "MinCapacity": _bounds,
    "PolicyName": lambda policy: f"at {policy['TargetTrackingScalingPolicyConfiguration']['TargetValue']:g} %",
    "ScheduledActionName": lambda action: f"scheduled {action['ScheduledActionName']}",
}
WORDS: dict[str, Callable[[Any], str]] = {
    "tags": _tags,
    "kinesis": _kinesis,
    "stream": _stream,
    "triggers": _triggers,
    "pitr": _pitr,
    "auto_scaling": _auto_scaling,
    "deletion_protection": lambda _: "on",
    "event_source_mapping_tags": _mapping_tags,
    "scalable_target_tags": _target_tags,
}
