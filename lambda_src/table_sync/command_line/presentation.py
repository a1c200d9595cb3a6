"""A report as people read it: a plain table, and one sentence."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TYPE_CHECKING

from table_sync.command_line import differences
from table_sync.command_line.differences import text
from table_sync.report import DIFFERS, FAILED, IN_SYNC, WAITING
from table_sync.settings.setting import Change, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import TextIO

    from table_sync.report import Outcome, Report

# ECMA-48, Select Graphic Rendition.
_COLOURS = {
    Status.UNCHANGED: "32",
    Status.APPLIED: "32",
    Status.DIFFERS: "33",
    Status.PENDING: "33",
    Status.SKIPPED: "2",
    Status.FAILED: "31",
}
_STATUS_WIDTH = max(map(len, Status))
_SENTENCES = {
    IN_SYNC: "{target} has {which} settings of {source}{but}.",
    DIFFERS: "{target} differs from {source}.",
    WAITING: "{target} is not done: see what is pending, and run the command again later.",
    FAILED: "{target} cannot be made equal to {source} yet: remove the cause of what failed, and run it again.",
}
# With less room than this many columns beside the names and statuses, the details go below them.
_NARROWEST = 40
_CLEAR_LINE = "\r\033[K"


def write(report: Report, enabled: Collection[str], stream: TextIO, *, calls: bool = False) -> None:
    """Write the settings named in `enabled` with their statuses and differences.

    It is coloured on a terminal unless NO_COLOR is set.

    Args:
        report: of a comparison or a sync.
        enabled: names of the settings to show.
        stream: standard output or standard error.
        calls: show the API calls too.

    """
    coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    source, target = (arn.rpartition("/")[2] for arn in (report.source, report.target))
    if report.whole:
        later = ": run the command again later" if report.outcome == WAITING else ""
        say(f"{target}: {report.whole.reason}{later}", stream)
        return
    say(f"Source  {report.source}", stream)
    say(f"Target  {report.target}", stream)
    say("", stream)
    outcomes = {name: outcome for name, outcome in report.settings.items() if name in enabled}
    longest = max(map(len, outcomes))
    margin = longest + _STATUS_WIDTH + 4
    narrow = _columns(stream) - margin < _NARROWEST if stream.isatty() else False
    if any(outcome.changes and outcome.status is Status.DIFFERS for outcome in outcomes.values()):
        print(f"{'' if narrow else ' ' * margin}source -> target", file=stream)
    for name, outcome in outcomes.items():
        left_alone = outcome.differs and outcome.status is Status.UNCHANGED
        status = Status.DIFFERS if left_alone else outcome.status
        word = f"\033[{_COLOURS[status]}m{status}\033[0m" if coloured else status
        first = f"{name:{longest}}  {word}{'':{_STATUS_WIDTH - len(status) + 2}}"
        lines = [
            line
            for detail in _details(outcome, calls=calls)
            for line in _wrapped(detail, stream, margin=2 if narrow else margin)
        ]
        if narrow or not lines:
            print(first.rstrip(), file=stream)
        else:
            print(f"{first}{lines.pop(0)}", file=stream)
        for line in lines:
            print(f"{'':{2 if narrow else margin}}{line}", file=stream)
    if report.not_copied:
        say("", stream)
        say("Not copied:", stream)
        for sentence in report.not_copied:
            say(sentence, stream, margin=2)
    say("", stream)
    say(_SENTENCES[report.outcome].format(source=source, target=target, **_limits(report, enabled)), stream)


def say(sentence: str, stream: TextIO, *, margin: int = 0) -> None:
    """Write a text: on a terminal broken between words, elsewhere on one line."""
    for line in _wrapped(sentence, stream, margin=margin) or [""]:
        print(f"{'':{margin}}{line}".rstrip(), file=stream)


class Progress:
    """Tells what a long wait is for: on a terminal in one line with the time, elsewhere once for each reason."""

    def __init__(self, stream: TextIO) -> None:
        """Prepare to write to a stream."""
        self._stream = stream
        self._line = ""

    def show(self, reason: str, seconds: float, limit: float) -> None:
        """Show what is waited for.

        Args:
            reason: what AWS is working on.
            seconds: how long it has been.
            limit: how long it may be, in seconds.

        """
        waiting = f"Waiting for AWS: {' '.join(reason.split())}"
        if not self._stream.isatty():
            if waiting != self._line:
                print(waiting, file=self._stream)
            self._line = waiting
            return
        time = f" ({_duration(seconds)} of at most {_duration(limit)})"
        room = max(0, _columns(self._stream) - len(time) - 1)
        shortened = waiting if len(waiting) <= room else textwrap.shorten(waiting, max(room, 20), placeholder=" ...")
        self._line = f"{shortened}{time}"
        print(f"{_CLEAR_LINE}{self._line}", end="", file=self._stream, flush=True)

    def end(self) -> None:
        """Remove the line from a terminal."""
        if self._line and self._stream.isatty():
            print(_CLEAR_LINE, end="", file=self._stream, flush=True)
        self._line = ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _columns(stream: TextIO) -> int:
    """Return how wide the terminal is; COLUMNS counts first."""
    if os.environ.get("COLUMNS", "").isdecimal():
        return shutil.get_terminal_size().columns
    try:
        return os.get_terminal_size(stream.fileno()).columns or shutil.get_terminal_size().columns
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns


def _limits(report: Report, enabled: Collection[str]) -> dict[str, str]:
    """Return what keeps the table's settings from being all of them, as words of a sentence."""
    selected = {name: outcome for name, outcome in report.settings.items() if name in enabled}
    parts = {
        "left alone": [name for name, outcome in selected.items() if outcome.differs],
        "skipped": [name for name, outcome in selected.items() if outcome.status is Status.SKIPPED],
        "not selected": [name for name in report.settings if name not in enabled],
    }
    but = "".join(f"; {word}: {', '.join(names)}" for word, names in parts.items() if names)
    return {"which": "these" if parts["not selected"] else "the", "but": but}


def _details(outcome: Outcome, *, calls: bool) -> Iterator[str]:
    if outcome.reason:
        yield outcome.reason
    for change in outcome.changes:
        if outcome.status is Status.DIFFERS:
            yield from differences.described(change)
        else:
            yield from differences.made(change)
        if calls:
            yield _call(change)


def _wrapped(detail: str, stream: TextIO, *, margin: int) -> list[str]:
    """Return the lines of a text, with no word broken."""
    line = " ".join(detail.split()) if "\n" in detail else detail
    if not stream.isatty():
        return [line]
    columns = max(_columns(stream) - margin, 1)
    return textwrap.wrap(line, columns, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _call(change: Change) -> str:
    parameters = {key: value for key, value in change.shown.items() if key != "ServiceNamespace"}  # it is dynamodb
    return f"{change.operation} {', '.join(f'{key}={_tagged(value)}' for key, value in parameters.items())}"


def _tagged(value: object) -> str:
    """Return a value, with tags as key=value."""
    if isinstance(value, list) and all(isinstance(item, dict) and item.keys() == {"Key", "Value"} for item in value):
        tags = ", ".join(f"{item['Key']}={text(item['Value'])}" for item in value)
        return f"[{tags}]"
    return text(value)
