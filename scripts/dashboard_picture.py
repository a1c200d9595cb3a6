"""Draw docs/dashboard.svg: the dashboard as dashboard.tf defines it, with a day of the embedded AWS as its data.

Terraform evaluates dashboard.tf. CloudWatch draws in its own way: what is the same is which metrics are shown, where,
and how they are added up. It takes a minute; `make docs` runs it.
"""

from __future__ import annotations

import math
import re
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.svg import document, text
from tests.support import alarms, day_of_restores
from tests.support.day_of_restores import HOURS, NAME, PERIOD, START, Day
from tests.support.embedded_metrics import Series
from tests.support.terraform_console import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "dashboard.svg"
REGION, ACCOUNT = "eu-west-1", "123456789012"
NOTE = (
    "Drawn from dashboard.tf with the data of a made-up day: restores on the embedded AWS of this repository's tests."
)

# Pixels of a column and of a row of the dashboard's grid, and of the note below it.
COLUMN, ROW, FOOT = 50, 44, 30
# Those of CloudWatch's first lines, and lighter ones.
COLORS = [
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"),
    *("#aec7e8", "#ffbb78", "#98df8a", "#ff9896", "#c5b0d5", "#c49c94", "#f7b6d2", "#c7c7c7", "#dbdb8d", "#9edae5"),
]
STATISTICS: dict[str, Callable[[Iterable[float]], float]] = {"Sum": sum, "Maximum": max}
_SEARCH = re.compile(r"SEARCH\('\{(?P<namespace>\w+),(?P<names>[\w,]+)\} (?P<terms>.*)', '(?P<stat>\w+)', \d+\)")

# A label, a color, and the value of each period that has one.
Line = tuple[str, str, dict[int, float]]


def dashboard_body() -> dict[str, Any]:
    """Return the dashboard as Terraform makes it.

    Raises:
        TerraformUnavailable: Terraform is not on PATH.

    """
    stubs = {
        "alarms": dict.fromkeys(alarms.DEFAULT),
        "arn_prefix": {"cloudwatch": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}"},
        "region": REGION,
    }
    with tempfile.TemporaryDirectory() as directory:
        body: dict[str, Any] = evaluate(
            "jsondecode(local.dashboard_body)", "dashboard.tf", Path(directory), stubs=stubs, name=NAME
        )
    return body


def lines(day: Day, properties: dict[str, Any]) -> list[Line]:
    """Return what a metric widget shows.

    Raises:
        KeyError: there is no such metric.

    """
    found: list[tuple[str, str, dict[int, float]]] = []
    for metric in properties["metrics"]:
        options = metric[-1] if isinstance(metric[-1], dict) else {}
        if "expression" in options:
            found += [(label, "", values) for label, values in _searched(day, options["expression"])]
            continue
        namespace, name, *dimensions = metric[:-1] if options else metric
        series = Series(namespace, name, frozenset(zip(dimensions[::2], dimensions[1::2], strict=True)))
        if series not in day.metrics:
            raise KeyError(series)
        values = _statistic(day, series, properties["stat"])
        found.append((options.get("label", name), options.get("color", ""), values))
    return [
        (label, color or COLORS[number % len(COLORS)], values) for number, (label, color, values) in enumerate(found)
    ]


def _searched(day: Day, expression: str) -> Iterator[tuple[str, dict[int, float]]]:
    match = _SEARCH.fullmatch(expression)
    if not match:
        raise ValueError(f"This search cannot be drawn: {expression}")
    names, terms = set(match["names"].split(",")), dict(re.findall(r'(\w+)="([^"]*)"', match["terms"]))
    for series in sorted(day.metrics, key=lambda series: series.name):
        dimensions = dict(series.dimensions)
        if series.namespace == match["namespace"] and dimensions.keys() == names and dimensions == dimensions | terms:
            yield series.name, _statistic(day, series, match["stat"])


def _statistic(day: Day, series: Series, statistic: str) -> dict[int, float]:
    return {period: STATISTICS[statistic](values) for period, values in day.metrics[series].items()}


def picture(body: dict[str, Any], day: Day) -> str:
    """Return the dashboard as SVG."""
    widgets = body["widgets"]
    width = max(widget["x"] + widget["width"] for widget in widgets) * COLUMN
    height = max(widget["y"] + widget["height"] for widget in widgets) * ROW
    parts = [part for widget in widgets for part in _widget(widget, day)]
    note = text(width / 2, height + FOOT / 2 + 4, NOTE, size=13, anchor="middle")
    return document(width, height + FOOT, [*parts, note], ground="#f2f3f3", title=NOTE)


def _widget(widget: dict[str, Any], day: Day) -> Iterator[str]:
    left, top = widget["x"] * COLUMN + 4, widget["y"] * ROW + 4
    width, height = widget["width"] * COLUMN - 8, widget["height"] * ROW - 8
    properties = widget["properties"]
    yield f'<g transform="translate({left} {top})">'
    yield f'<rect width="{width}" height="{height}" rx="4" fill="white" stroke="#d5dbdb"/>'
    yield text(12, 22, properties["title"], size=15, weight="bold")
    yield from {"alarm": _alarms, "log": _log, "metric": _chart}[widget["type"]](properties, day, width, height)
    yield "</g>"


def _alarms(properties: dict[str, Any], _day: Day, width: int, _height: int) -> Iterator[str]:
    """Draw the alarms as they are at the end of the day."""
    step = (width - 12) / len(properties["alarms"])
    for number, arn in enumerate(properties["alarms"]):
        x = 12 + number * step
        yield f'<rect x="{x}" y="34" width="{step - 12}" height="34" rx="3" fill="#2ca02c"/>'
        yield text(x + 6, 56, f"{arn.rpartition(f':alarm:{NAME}-')[2]}: OK", size=11, fill="white")


def _log(properties: dict[str, Any], day: Day, width: int, height: int) -> Iterator[str]:
    columns = re.search(r"display ([^|]+)", properties["query"])[1].strip().split(", ")  # type: ignore[index]
    outcomes = [(at, line) for at, line in reversed(day.log) if line.get("outcome") in {"in_sync", "failed"}]
    rows = [[_cell(column, at, line) for column in columns] for at, line in outcomes]
    widths = [max(len(row[number]) for row in [columns, *rows]) for number in range(len(columns))]
    unit = (width - 24) / sum(min(width, 60) + 2 for width in widths)
    for row, y in zip([columns, *rows], range(46, height - 4, 19), strict=False):
        x = 12.0
        for cell, letters in zip(row, widths, strict=True):
            fits = int((width - 12 - x) / 6.6)
            yield text(
                x,
                y,
                cell if len(cell) <= fits else f"{cell[: fits - 1]}…",
                size=12,
                weight="bold" if row is columns else "normal",
            )
            x += (min(letters, 60) + 2) * unit


def _cell(column: str, at: float, line: dict[str, Any]) -> str:
    values = {
        "@timestamp": _clock(at - START),
        "table": line["target"].rpartition("/")[2],
        "restored_from": line["source"].rpartition("/")[2],
    }
    return str(values.get(column, line.get(column, "")))


def _chart(properties: dict[str, Any], day: Day, width: int, height: int) -> Iterator[str]:
    shown = lines(day, properties)
    legend = _legend([label for label, _, _ in shown], width - 68)
    left, right, top, bottom = 54, width - 24, 36, height - 42 - 17 * legend[-1][1]
    most = _round_up(_highest(shown, stacked=properties["stacked"]))

    def x(period: float) -> float:
        share: float = period * PERIOD / (HOURS * 3600)
        return round(left + (right - left) * share, 1)

    def y(value: float) -> float:
        return round(bottom - (bottom - top) * value / most, 1)

    for tick in (0, most / 2, most):
        yield f'<path d="M{left} {y(tick)}H{right}" stroke="#e5e8e8"/>'
        yield text(left - 6, y(tick) + 4, f"{tick:,.0f}", size=11, anchor="end")
    for hour in range(0, HOURS + 1, 4):
        yield text(x(hour * 3600 / PERIOD), bottom + 16, f"{hour:02}:00", size=11, anchor="middle")
    below: dict[int, float] = {}
    for label, color, values in shown:
        yield f'<g fill="{color}" stroke="{color}"><title>{escape(label)}</title>'
        if properties["stat"] == "Sum":
            for period, value in sorted(values.items()):
                start = below.get(period, 0) if properties["stacked"] else 0
                below[period] = start + value
                if value:
                    box = (
                        f'x="{x(period)}" y="{y(start + value)}" width="2.4" height="{y(start) - y(start + value):.1f}"'
                    )
                    yield f'<rect {box} stroke-width="0.5"/>'
        else:
            # A line stops where there is no value.
            path = "".join(f"{'L' if p - 1 in values else 'M'}{x(p)} {y(v)}h0.1" for p, v in sorted(values.items()))
            yield f'<path d="{path}" fill="none" stroke-width="1.6" stroke-linecap="round"/>'
        yield "</g>"
    for (label, color, _), (column, row) in zip(shown, legend, strict=True):
        yield f'<rect x="{left + column:.1f}" y="{bottom + 27 + 17 * row}" width="10" height="10" fill="{color}"/>'
        yield text(left + column + 14, bottom + 36 + 17 * row, label, size=11)


def _legend(labels: list[str], width: float) -> list[tuple[float, int]]:
    """Return where each label goes: pixels from the left, and the row."""
    places: list[tuple[float, int]] = []
    x, row = 0.0, 0
    for label in labels:
        needed = 30 + 6.3 * len(label)
        if x + needed > width and x:
            x, row = 0.0, row + 1
        places.append((x, row))
        x += needed
    return places


def _highest(shown: list[Line], *, stacked: bool) -> float:
    periods = {period for _, _, values in shown for period in values}
    add = sum if stacked else max
    return max((add(values.get(period, 0) for _, _, values in shown) for period in periods), default=0)


def _round_up(value: float) -> float:
    """Return an even, round number that is not below the value."""
    unit: float = 10 ** math.floor(math.log10(max(value, 2)))
    return next(factor * unit for factor in (2, 4, 6, 8, 10) if factor * unit >= value)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{int(seconds % 60):02}"


if __name__ == "__main__":
    PICTURE.write_text(picture(dashboard_body(), day_of_restores.live_through()))
    print(PICTURE.name)
