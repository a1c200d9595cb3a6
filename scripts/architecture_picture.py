"""Draw docs/architecture.svg: the way of an event. `make docs` does, from the repository's root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import svg
from scripts.terraform_files import defaults

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "architecture.svg"
WIDTH, HEIGHT = 1120, 500
TITLE = (
    "CloudTrail and AWS Backup tell EventBridge of a restore; rules put it into a queue; the function reads source and "
    "restored table and writes what is missing, until they are equal or the message goes to the dead-letter queue."
)

# Line, and a lighter ground.
EVENTS, QUEUES, CODE, TABLES, WATCH = (
    ("#b0084d", "#fdeef4"),
    ("#b5460f", "#fef1e8"),
    ("#8a5a00", "#fff6df"),
    ("#2b4bb5", "#edf1fd"),
    ("#4b5563", "#f3f4f6"),
)
LINE, QUIET = "#374151", "#4b5563"
MARKER = (
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    f'<path d="M0 0L10 5L0 10z" fill="{LINE}"/></marker></defs>'
)


@dataclass(frozen=True)
class Box:
    """Something with a name, and what it does in a few words a line."""

    x: int
    y: int
    width: int
    height: int
    name: str
    lines: Sequence[str]
    colors: tuple[str, str]

    def draw(self) -> Iterator[str]:
        """Return it as SVG."""
        line, ground = self.colors
        frame = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="6"'
        yield f'<rect {frame} fill="{ground}" stroke="{line}" stroke-width="1.5"/>'
        middle = self.x + self.width / 2
        top = self.y + (self.height - 17 * len(self.lines)) / 2 + 5
        yield svg.text(middle, top, self.name, size=15, weight="bold", anchor="middle", fill=line)
        for number, content in enumerate(self.lines, 1):
            yield svg.text(middle, top + 17 * number + 1, content, size=12, anchor="middle")


@dataclass(frozen=True)
class Arrow:
    """A way from one point to another over corners, with a word on it."""

    points: Sequence[tuple[int, int]]
    label: Sequence[str] = ()
    at: tuple[int, int] = (0, 0)
    anchor: str = "middle"
    dashed: bool = False

    def draw(self) -> Iterator[str]:
        """Return it as SVG."""
        way = "L".join(f"{x} {y}" for x, y in self.points)
        dashes = ' stroke-dasharray="5 4"' if self.dashed else ""
        yield f'<path d="M{way}" fill="none" stroke="{LINE}" stroke-width="1.6"{dashes} marker-end="url(#head)"/>'
        for number, content in enumerate(self.label):
            x, y = self.at
            yield svg.text(x, y + 15 * number, content, size=12, anchor=self.anchor, fill=QUIET)


DEFAULT = defaults()
RETRIES = (
    f"first look after {DEFAULT['initial_delay_seconds']} s,",
    f"then every {DEFAULT['backoff_base_seconds']} s to",
    f"{DEFAULT['backoff_max_delay_seconds']} s, for 36 hours",
)

BOXES = (
    Box(20, 96, 186, 92, "CloudTrail", ("RestoreTableToPointInTime", "RestoreTableFromBackup"), EVENTS),
    Box(20, 214, 186, 72, "AWS Backup", ("restore job COMPLETED",), EVENTS),
    Box(
        256,
        136,
        170,
        104,
        "EventBridge rules",
        ("one for each type", "of restore; leave out", "tables by name"),
        EVENTS,
    ),
    Box(482, 136, 160, 104, "SQS queue", RETRIES, QUEUES),
    Box(
        728,
        124,
        170,
        128,
        "Lambda function",
        ("reads the source,", "reads the target,", "writes what is missing"),
        CODE,
    ),
    Box(954, 72, 150, 84, "Source table", ("is only read,", "in any Region"), TABLES),
    Box(954, 196, 150, 104, "Restored table", ("stream, triggers, TTL,", "tags, PITR, scaling", "and more"), TABLES),
    Box(256, 372, 170, 88, "Alarms", ("messages given up,", "runs that failed"), WATCH),
    Box(482, 372, 170, 88, "Dead-letter queue", ("with the reason;", "to redrive"), QUEUES),
    Box(728, 372, 170, 88, "CloudWatch", ("a report an attempt,", "metrics, a dashboard"), WATCH),
    Box(954, 372, 150, 88, "EventBridge", ("Table Sync Outcome:", "in_sync or failed"), EVENTS),
)
ARROWS = (
    Arrow(((206, 142), (254, 170))),
    Arrow(((206, 250), (254, 206))),
    Arrow(((426, 188), (480, 188))),
    Arrow(((642, 168), (726, 168)), ("attempt",), (683, 160)),
    Arrow(((728, 208), (644, 208)), ("not done:", "returns"), (685, 225)),
    Arrow(((952, 114), (926, 114), (926, 162), (900, 162))),
    Arrow(((898, 222), (952, 222))),
    Arrow(((341, 240), (341, 324), (506, 324), (506, 370)), ("cannot be delivered",), (424, 317)),
    Arrow(((562, 240), (562, 370)), ("attempts", "used up"), (570, 278), anchor="start"),
    Arrow(((764, 252), (764, 324), (622, 324), (622, 370)), ("cannot succeed",), (704, 317)),
    Arrow(((482, 416), (428, 416)), dashed=True),
    Arrow(((813, 252), (813, 370))),
    Arrow(((862, 252), (862, 324), (1029, 324), (1029, 370)), ("over",), (968, 317)),
)


def picture() -> str:
    """Return the architecture as SVG."""
    parts = [
        MARKER,
        '<rect x="232" y="52" width="690" height="432" rx="10" fill="none" stroke="#9ca3af" stroke-dasharray="7 5"/>',
        svg.text(248, 76, "This module, once a Region", size=13, weight="bold", fill=QUIET),
        svg.text(20, 36, "A table is restored, its settings are lost ...", size=16, weight="bold"),
        svg.text(1104, 36, "... and come back", size=16, weight="bold", anchor="end"),
    ]
    parts += [part for shape in (*ARROWS, *BOXES) for part in shape.draw()]
    return svg.document(WIDTH, HEIGHT, parts, ground="white", title=TITLE)


if __name__ == "__main__":
    PICTURE.write_text(picture())
    print(PICTURE.name)
