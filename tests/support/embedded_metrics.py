"""What CloudWatch takes from a log line in the embedded metric format.

Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Series(NamedTuple):
    """What identifies a metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


def embedded_metrics(line: Mapping[str, Any]) -> Iterator[tuple[Series, float]]:
    """Yield the metrics of a log line, parsed, with a value; none if it is not in the format."""
    for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, line[name]) for name in names)
            for metric in directive["Metrics"]:
                values = line[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield Series(directive["Namespace"], metric["Name"], dimensions), value
