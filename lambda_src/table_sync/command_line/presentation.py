"""A report as people read it: a plain table, and one sentence."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

from table_sync.report import DIFFERS, FAILED, IN_SYNC, WAITING
from table_sync.settings.setting import Change, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import TextIO

    from table_sync.report import Outcome, Report

# The word for each status, and its colour (ECMA-48, Select Graphic Rendition).
_WORDS = {
    Status.UNCHANGED: ("equal", "32"),
    Status.APPLIED: ("applied", "32"),
    Status.PLANNED: ("differs", "33"),
    Status.PENDING: ("waiting", "33"),
    Status.SKIPPED: ("skipped", "2"),
    Status.FAILED: ("failed", "31"),
}
_STATUS_WIDTH = max(len(word) for word, _ in _WORDS.values())
_SENTENCES = {
    IN_SYNC: "{target} has {which} settings of {source}{but}.",
    DIFFERS: "{target} differs from {source}.",
    WAITING: "{target} is not done: see what is waiting, and run the command again later.",
    FAILED: "{target} cannot be made equal to {source} yet: remove the cause of what failed, and run it again.",
}
# A terminal narrower than this many columns is no reason to break every word.
_NARROWEST = 40


def write(report: Report, enabled: Collection[str], stream: TextIO) -> None:
    """Write the settings named in `enabled` and what they came to; coloured on a terminal unless NO_COLOR is set."""
    terminal = stream.isatty()
    coloured = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    source, target = (arn.rpartition("/")[2] for arn in (report.source, report.target))
    if report.whole:
        later = ": run the command again later" if report.outcome == WAITING else ""
        print(f"{target}: {report.whole.reason}{later}", file=stream)
        return
    print(f"Source  {report.source}\nTarget  {report.target}\n", file=stream)
    outcomes = {name: outcome for name, outcome in report.settings.items() if name in enabled}
    margin = max(map(len, outcomes)) + _STATUS_WIDTH + 4
    columns = shutil.get_terminal_size().columns - margin if terminal else 0
    for name, outcome in outcomes.items():
        left_alone = outcome.differs and outcome.status is Status.UNCHANGED
        word, colour = _WORDS[Status.PLANNED if left_alone else outcome.status]
        status = f"{word:{_STATUS_WIDTH}}"
        status = f"\033[{colour}m{status}\033[0m" if coloured else status
        first, *rest = [line for entry in _entries(outcome) for line in _wrapped(entry, columns)] or [""]
        print(f"{name:{margin - _STATUS_WIDTH - 4}}  {status}  {first}".rstrip(), file=stream)
        for line in rest:
            print(f"{'':{margin}}{line}", file=stream)
    if report.not_copied:
        print("\nNot copied:", *report.not_copied, sep="\n  ", file=stream)
    sentence = _SENTENCES[report.outcome]
    print(f"\n{sentence.format(source=source, target=target, **_limits(report, enabled))}", file=stream)


def _limits(report: Report, enabled: Collection[str]) -> dict[str, str]:
    """Return what keeps the table's settings from being all of them, as words of a sentence."""
    looked_at = {name: outcome for name, outcome in report.settings.items() if name in enabled}
    parts = {
        "left alone": [name for name, outcome in looked_at.items() if outcome.differs],
        "skipped": [name for name, outcome in looked_at.items() if outcome.status is Status.SKIPPED],
        "not looked at": [name for name in report.settings if name not in enabled],
    }
    but = "".join(f"; {word}: {', '.join(names)}" for word, names in parts.items() if names)
    return {"which": "these" if parts["not looked at"] else "the", "but": but}


def _entries(outcome: Outcome) -> Iterator[str]:
    if outcome.reason:
        yield outcome.reason
    for change in outcome.changes:
        yield _change(change)


def _wrapped(entry: str, columns: int) -> list[str]:
    if columns < _NARROWEST:
        return [entry]
    return textwrap.wrap(entry, columns, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _change(change: Change) -> str:
    told = {key: value for key, value in change.shown.items() if key != "ServiceNamespace"}  # it is dynamodb
    return f"{change.operation} {', '.join(f'{key}={_value(value)}' for key, value in told.items())}"


def _value(value: Any) -> str:  # noqa: ANN401 (any JSON, and times)
    if isinstance(value, dict):
        if value.keys() == {"Key", "Value"}:
            return f"{value['Key']}={value['Value']}"
        return f"({', '.join(f'{key}={_value(item)}' for key, item in value.items())})"
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())
