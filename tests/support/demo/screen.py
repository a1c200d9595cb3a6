"""What the demo shows: colours, a spinner and a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

PLAIN_WIDTH = 120
LONGEST_SETTING = 20
HEADINGS = ("Setting", "Source", "Restored, before", "Restored, after", "Verdict")
PLANNED = re.compile(r"Plan: (?P<count>\d+) to add")
RESOURCE = re.compile(
    r"(module\.\w+\.)?(?P<name>\w+\.\w+)(\[\d+\])?: (?P<what>Creating\.\.\.|Creation complete after (?P<seconds>\S+))"
)


class Screen:
    """Writes to standard output, and the same lines without colours to `log`."""

    def __init__(self, log: TextIO) -> None:
        for stream in (sys.stdout, sys.stderr):
            assert isinstance(stream, io.TextIOWrapper)
            stream.reconfigure(errors="replace")
        console = Console(highlight=False)
        ascii_only = not console.encoding.startswith("utf")
        self._good, self._bad = ("+", "!") if ascii_only else ("✓", "✗")
        self._box = box.ASCII2 if ascii_only else box.ROUNDED
        self.plain = not console.is_terminal or console.is_dumb_terminal
        self._console = console
        self._log = log

    def line(self, text: str = "", style: str = "") -> None:
        """Write a line."""
        self._write(Text(text, style))

    def title(self, text: str, explanation: str) -> None:
        """Write the first lines."""
        self._write(Text(text, "bold"))
        self._write(Text(explanation, "dim"))
        self.line()

    def done(self, what: str, detail: str, seconds: float | None = None) -> None:
        """Write that a step is done; `seconds` are real ones."""
        took = "" if seconds is None else f" ({seconds:.0f} s)"
        self._hanging(
            Text.assemble((f"{self._good} ", "bold green"), (f"{what:<13}", "bold")),
            Text.assemble(detail, (took, "dim")),
        )

    def moment(self, at: float, what: str, detail: str, style: str = "") -> None:
        """Write what happened `at` so many seconds of the embedded clock."""
        when = f"{int(at) // 3600:02}:{int(at) // 60 % 60:02}:{int(at) % 60:02}"
        self._hanging(Text.assemble((f"  {when}  ", "cyan"), (f"{what:<11}", style or "bold")), Text(detail))

    def detail(self, what: str, status: str, detail: str) -> None:
        """Write one setting's outcome below an attempt."""
        style = {"applied": "green", "pending": "yellow", "failed": "bold red"}.get(status, "dim")
        self._hanging(Text.assemble(f"{'':12}{what:<25} ", (f"{status:<9}", style)), Text(detail))

    def verdict(self, text: str, *, good: bool) -> None:
        """Write a conclusion."""
        mark = Text(self._good, "bold green") if good else Text(self._bad, "bold red")
        self._hanging(mark, Text(text, "" if good else "bold"))

    def note(self, text: str) -> None:
        """Write to the log only."""
        print(text, file=self._log, flush=True)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show that something goes on, on a terminal only."""
        if self.plain:
            yield
            return
        with self._console.status(what):
            yield

    @contextmanager
    def terraform(self) -> Iterator[Callable[[str], None]]:
        """Show how `terraform apply` gets on; yields what takes its lines."""
        progress = Progress(
            SpinnerColumn(),
            TextColumn("terraform apply"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", style="dim"),
            console=self._console,
            transient=True,
            disable=self.plain,
        )
        task = progress.add_task("plans", total=None)
        waiting: dict[str, float] = {}

        def take(line: str) -> None:
            self.note(line)
            if planned := PLANNED.match(line):
                progress.update(task, total=int(planned["count"]))
            elif resource := RESOURCE.match(line):
                if resource["seconds"] is None:
                    waiting[resource["name"]] = time.monotonic()
                else:
                    waiting.pop(resource["name"], None)
                    self._write(Text(f"  {resource['name']:<40} created in {resource['seconds']}", "dim"), log=False)
                    progress.advance(task)
                oldest = min(waiting, key=waiting.__getitem__, default="")
                progress.update(task, description=oldest)

        with progress:
            yield take

    def table(self, rows: Sequence[tuple[str, str, str, str, bool]]) -> None:
        """Write the settings: name, source, restored before and after, and whether source and after are equal."""
        table = Table(box=self._box, show_lines=True)
        width = PLAIN_WIDTH if self.plain else min(self._console.width, PLAIN_WIDTH)
        widths = _column_widths(rows, width)
        for heading, column in zip(HEADINGS, widths, strict=True):
            table.add_column(heading, overflow="fold", width=column, header_style="bold")
        for *cells, equal in rows:
            texts = map(_broken, cells, widths[:-1])
            verdict = Text("equal", "bold green") if equal else Text("DIFFERS", "bold red")
            table.add_row(*map(Text, texts, ("bold", "", "yellow", "")), verdict)
        self._write(table)

    def _hanging(self, head: Text, detail: Text) -> None:
        """Write a line whose continuation is indented as far as its detail."""
        grid = Table.grid(padding=(0, 1), pad_edge=False)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(head, detail)
        self._write(grid)

    def _write(self, what: Text | Table, *, log: bool = True) -> None:
        plain = _plain(what)
        if self.plain:
            print(plain, flush=True)  # noqa: T201
        else:
            self._console.print(what)
        if log:
            self.note(plain)


def _column_widths(rows: Sequence[tuple[str, str, str, str, bool]], width: int) -> list[int]:
    """Return the columns' widths; those of source and after are equal, and take what the others leave."""
    setting = max(len(line) for name, *_ in rows for line in name.split("\n"))
    before = max(len(line) for _, _, value, *_ in rows for line in value.split("\n"))
    frame = 3 * len(HEADINGS) + 1
    setting = min(setting, LONGEST_SETTING)
    before = max(len("Restored,"), min(before, 24))
    rest = max(8, (width - frame - setting - before - len("DIFFERS")) // 2)
    return [setting, rest, before, rest, len("DIFFERS")]


def _broken(text: str, width: int) -> str:
    """Break words that are too long for a column after the last _, =, :, / or - that fits, if there is one."""
    return re.sub(rf"(?=\S{{{width + 1}}})\S{{1,{width - 1}}}[_=:/-]", lambda head: f"{head[0]}\n", text)


def _plain(what: Text | Table) -> str:
    if isinstance(what, Text):
        return what.plain.rstrip()
    console = Console(width=PLAIN_WIDTH, color_system=None, file=io.StringIO())
    with console.capture() as capture:
        console.print(what)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
