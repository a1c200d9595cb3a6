"""The demo's output: colours, a spinner and a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import sys
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from rich.status import Status

PLAIN_WIDTH = 120
LONGEST_SETTING = 20
HEADINGS = ("Setting", "Source", "Restored, before", "Restored, after", "Result")
RESULTS = ("equal", "DIFFERS")
PLANNED = re.compile(r"Plan: (?P<count>\d+) to add")
_ADDRESS = r"(module\.\w+\.)?(?P<name>\w+\.\w+)(\[(\d+|\"(?P<key>[^\"]*)\")\])?"
ANNOUNCED = re.compile(rf"\s+# {_ADDRESS} will be created")
RESOURCE = re.compile(rf"{_ADDRESS}: (Creating\.\.\.|Creation complete after (?P<seconds>\S+))")


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
        self._status: Status | None = None
        self._repeated: _Repetition | None = None

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
        self._hanging(Text.assemble((f"  {_clock(at)}  ", "cyan"), (f"{what:<13}", style or "bold")), Text(detail))

    def repeated_moment(self, at: float, attempt: int, why: str, detail: str) -> None:
        """Write an attempt that waits; those that follow and wait for the same reason become one line."""
        if self._repeated and self._repeated.why == why:
            self._repeated = replace(self._repeated, last=attempt, times=(*self._repeated.times, at))
            if self._status:
                self._status.update(f"Attempt {attempt} at {_clock(at)}: {why}")
            return
        self.end_of_repetition()
        self.moment(at, f"attempt {attempt}", detail)
        self._repeated = _Repetition(why, attempt, attempt, (at,))

    def end_of_repetition(self) -> None:
        """Write the line for the attempts that have waited for the same reason as the first, if there are any."""
        found, self._repeated = self._repeated, None
        if found is None or found.first == found.last:
            return
        pauses = [later - earlier for earlier, later in pairwise(found.times)]
        number = f"{found.first + 1}" if found.first + 1 == found.last else f"{found.first + 1}-{found.last}"
        detail = f"waiting for the same reason, {_range(pauses)} apart"
        self.moment(found.times[-1], f"attempt {number}", detail)

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
        with self._console.status(what) as self._status:
            yield
        self._status = None

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
        task = progress.add_task("plan", total=None)
        waiting: dict[str, float] = {}
        announced: Counter[str] = Counter()
        created: dict[str, list[str]] = defaultdict(list)

        def take(line: str) -> None:
            self.note(line)
            if planned := PLANNED.match(line):
                progress.update(task, total=int(planned["count"]))
            elif resource := ANNOUNCED.match(line):
                announced[resource["name"]] += 1
            elif resource := RESOURCE.match(line):
                name = resource["name"]
                if resource["seconds"] is None:
                    waiting[name] = time.monotonic()
                else:
                    waiting.pop(name, None)
                    created[name].append(resource["key"] or "")
                    progress.advance(task)
                    # All instances of a resource on one line, when the last is there.
                    if len(created[name]) >= announced[name]:
                        keys = ", ".join(sorted(filter(None, created[name])))
                        self._resource(name, f"{keys}{' ' if keys else ''}({resource['seconds']})")
                oldest = min(waiting, key=waiting.__getitem__, default="")
                progress.update(task, description=oldest)

        with progress:
            yield take

    def _resource(self, name: str, detail: str) -> None:
        self._hanging(Text(f"  {name:<38}", "dim"), Text(detail, "dim"), log=False)

    def table(self, rows: Sequence[tuple[str, str, str, str, bool]]) -> None:
        """Write the settings: name, source, restored before and after, and whether source and after are equal."""
        table = Table(box=self._box, show_lines=True)
        width = PLAIN_WIDTH if self.plain else min(self._console.width, PLAIN_WIDTH)
        widths = _column_widths(rows, width)
        for heading, column in zip(HEADINGS, widths, strict=True):
            table.add_column(heading, overflow="fold", width=column, header_style="bold")
        for *cells, equal in rows:
            texts = map(_broken, cells, widths[:-1])
            result = Text(RESULTS[0], "bold green") if equal else Text(RESULTS[1], "bold red")
            table.add_row(*map(Text, texts, ("bold", "", "yellow", "")), result)
        self._write(table)

    def _hanging(self, head: Text, detail: Text, *, log: bool = True) -> None:
        """Write a line whose continuation is indented as far as its detail."""
        grid = Table.grid(padding=(0, 1), pad_edge=False)
        grid.add_column(no_wrap=True)
        # A word is folded only where no line can hold it.
        grid.add_column(overflow="fold")
        grid.add_row(head, detail)
        self._write(grid, log=log)

    def _write(self, what: Text | Table, *, log: bool = True) -> None:
        plain = _plain(what)
        if self.plain:
            print(plain, flush=True)  # noqa: T201
        else:
            self._console.print(what)
        if log:
            self.note(plain)


@dataclass(frozen=True)
class _Repetition:
    """Attempts that wait for the same reason: the numbers of the first and the last, and when each was, in seconds."""

    why: str
    first: int
    last: int
    times: tuple[float, ...]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


def _range(seconds: Sequence[float]) -> str:
    shortest, longest = round(min(seconds)), round(max(seconds))
    return f"{shortest} s" if shortest == longest else f"{shortest} to {longest} s"


def _column_widths(rows: Sequence[tuple[str, str, str, str, bool]], width: int) -> list[int]:
    """Return the columns' widths; those of source and after are equal, and take what the others leave."""
    setting = max(len(line) for name, *_ in rows for line in name.split("\n"))
    before = max(len(line) for _, _, value, *_ in rows for line in value.split("\n"))
    frame = 3 * len(HEADINGS) + 1
    setting = min(setting, LONGEST_SETTING)
    before = max(len("Restored,"), min(before, 24))
    result = max(map(len, RESULTS))
    rest = max(8, (width - frame - setting - before - result) // 2)
    return [setting, rest, before, rest, result]


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
