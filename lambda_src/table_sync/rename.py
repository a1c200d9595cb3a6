"""What embeds a table's name, for another table."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dimensions(node: Any, values: Mapping[tuple[str, str], str]) -> Any:  # noqa: ANN401 (any JSON)
    """Return JSON with other values in the dimensions of CloudWatch metrics, `values` by name and present value."""
    if isinstance(node, list):
        return [dimensions(item, values) for item in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"Name", "Value"}:
        return {"Name": node["Name"], "Value": values.get((node["Name"], node["Value"]), node["Value"])}
    return {key: dimensions(value, values) for key, value in node.items()}


def resource_id(text: str, source: str, target: str) -> str:
    """Return text with "table/TARGET" for "table/SOURCE", as resource IDs and the console's policy names have it."""
    segment = rf"(?<![A-Za-z0-9_.-])table/{re.escape(source)}(?![A-Za-z0-9_.-])"
    return re.sub(segment, lambda _: f"table/{target}", text)


def shortened(name: str, longest: int) -> str:
    """Return a name of at most `longest` characters: the same for the same name, another for another."""
    return name if len(name) <= longest else told_apart(name[: longest - 17], name)


def told_apart(name: str, by: str) -> str:
    """Return the name with 17 more characters that depend on `by` only."""
    return f"{name}-{sha256(by.encode()).hexdigest()[:16]}"
