"""Measure everything, print it, write it as JSON; exit code 1 if a limit is missed."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench import cold_start, lag, packages, sync_figures
from tests.bench.figure import number
from tests.bench.yardstick import CONTENT, PASS_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.bench.figure import Figure

JSON = Path(__file__).parents[2] / ".work" / "bench.json"
NOTES = (
    "AWS's own chain: the waits of AWS that follow one another; no function can be in sync earlier.",
    f"A pass needs {sum(PASS_CALLS.values())} calls: {'; '.join(f'{what} ({n})' for what, n in PASS_CALLS.items())}.",
    "The outcome's event is one call more. A pass at the moment of ACTIVE, which is invoked, sends none.",
    "It calls twice more: AWS refuses point-in-time recovery for seconds, so it is read and enabled once more.",
    f"The table, where no other settings are named: {CONTENT}.",
    "Calls on the function's own queue are not counted, the outcome's PutEvents is.",
    "Time, calls and lag are counted on the embedded AWS's clock, on which calls take no time; so they never vary.",
    "The SAM sample is a model: 16 sleeps of 6 s one after another, 46 calls; what AWS takes beyond that is left out.",
    f"Lambda cost: {lag.PRICE}; a call is assumed to take {lag.CALL_SECONDS} s.",
)
STYLES = {"ok": "green", "missed": "red"}


def main() -> int:
    """Measure, print, write; return the exit code."""
    console = Console() if sys.stdout.isatty() else Console(width=120)
    figures = _measure(Console(stderr=True))
    console.print(_table(figures))
    for note in NOTES:
        console.print(note, highlight=False)
    missed = [figure for figure in figures if figure.verdict == "missed"]
    for figure in missed:
        console.print(f"Missed: {figure.sentence}", style=STYLES["missed"], highlight=False)
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(json.dumps([figure.as_dict() for figure in figures], indent=2) + "\n")
    return 1 if missed else 0


def _measure(progress: Console) -> list[Figure]:
    """Measure one group of figures after another, and show which: a status line on a terminal, else a line each."""
    sync = sync_figures.sync_from_queue()
    groups: Mapping[str, Callable[[], list[Figure]]] = {
        "time and calls of a sync": lambda: sync_figures.figures(sync),
        "lag and cost": lambda: lag.figures(sync),
        f"cold start, {cold_start.RUNS} processes of each kind": cold_start.figures,
        "packages": packages.figures,
    }
    figures = []
    with progress.status("Measuring ...") as status:
        for number_of_group, (name, measure) in enumerate(groups.items(), start=1):
            message = f"Measuring {name} ({number_of_group} of {len(groups)}) ..."
            status.update(message)
            if not progress.is_terminal:
                progress.print(message, highlight=False)
            figures += measure()
    return figures


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header, justify in (("", "left"), ("Figure", "right"), ("", "left"), ("Limit", "left"), ("", "left")):
        table.add_column(header, justify=justify, overflow="fold")
    for topic, of_topic in groupby(figures, key=lambda figure: figure.topic):
        table.add_row(f"[bold]{topic}[/bold]")
        for figure in of_topic:
            limit = str(figure.limit) if figure.limit else ""
            verdict = f"[{STYLES[figure.verdict]}]{figure.verdict}[/]" if figure.verdict else ""
            table.add_row(f"  {figure.name}", number(figure.value), figure.unit, limit, verdict)
    return table


if __name__ == "__main__":
    sys.exit(main())
