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


def words(text: str, source: str, target: str) -> str:
    """Return text with the target's name where the source's is a word of its own, or a part between other characters.

    Dynamic parts of a metric's label, as ${PROP('Dim.TableName')}, stay (CloudWatch user guide, Dynamic labels).
    """
    word = rf"(\$\{{[^}}]*\}})|(?<![A-Za-z0-9]){re.escape(source)}(?![A-Za-z0-9])"
    return re.sub(word, lambda match: match[1] or target, text)


def with_sorted_dimensions(node: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Return JSON with the dimensions of CloudWatch metrics, whose order means nothing, in one order."""
    if isinstance(node, dict):
        return {key: with_sorted_dimensions(value) for key, value in node.items()}
    if not isinstance(node, list):
        return node
    if all(isinstance(item, dict) and item.keys() == {"Name", "Value"} for item in node):
        return sorted(node, key=lambda item: str(item["Name"]))
    return [with_sorted_dimensions(item) for item in node]


def resource_id(text: str, source: str, target: str) -> str:
    """Return text with "table/TARGET" for "table/SOURCE", as resource IDs and the console's policy names have it."""
    segment = rf"(?<![A-Za-z0-9_.-])table/{re.escape(source)}(?![A-Za-z0-9_.-])"
    return re.sub(segment, lambda _: f"table/{target}", text)


def shortened(name: str, longest: int) -> str:
    """Return a name of at most `longest` characters: the same for the same name, another for another."""
    return name if len(name) <= longest else with_digest(name[: longest - 17], name)


def with_digest(name: str, by: str) -> str:
    """Return the name with a hyphen and 16 digits of the digest of `by`, which make it unique."""
    return f"{name}-{sha256(by.encode()).hexdigest()[:16]}"
