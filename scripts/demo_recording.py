"""Runs the demo and makes docs/demo.svg of what it wrote: an animation, which starts anew when it has ended."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from html import escape
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "demo.svg"

COLUMNS, ROWS = 120, 34
FONT_SIZE, CHARACTER, LINE, MARGIN = 13, 7.8, 18, 16
GROUND, INK = "#16191f", "#d5dbdb"
# Of the real pauses between lines, no more than this is shown, and each line for no less, in seconds.
LONGEST_PAUSE, SHORTEST_PAUSE = 1.4, 0.12
TYPED_SECONDS, END_SECONDS = 1.5, 8.0
# What the demo colours on a terminal.
COLOURS = (
    (re.compile(r"^[✓✗]"), "#7fb800"),
    (re.compile(r"^  \d\d:\d\d:\d\d"), "#4dd0e1"),
    (re.compile(r"(?<= )(applied|equal|in_sync)(?= )|(?<= )in_sync$"), "#7fb800"),
    (re.compile(r"(?<=  )(waiting|ACTIVE)(?=[: ])"), "#ffb454"),
    (re.compile(r"[│├┤╭╮╰╯─┬┴┼]+"), "#687078"),
)


def recorded(command: list[str]) -> list[tuple[float, str]]:
    """Return the lines that a command writes, each with the seconds since the first that it was written at.

    Raises:
        subprocess.CalledProcessError: the command failed, so there is nothing to show.

    """
    found: list[tuple[float, str]] = []
    environment = os.environ | {"PYTHONPATH": "lambda_src"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (the demo)
        if process.stdout is not None:
            begun = time.monotonic()
            found = [(time.monotonic() - begun, line.rstrip("\n")) for line in process.stdout]
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return found


def shown_at(lines: list[tuple[float, str]]) -> list[float]:
    """Return when each line appears in the picture, in seconds: pauses are shortened."""
    moments = [TYPED_SECONDS]
    for (before, _), (after, _) in pairwise(lines):
        moments.append(moments[-1] + min(LONGEST_PAUSE, max(SHORTEST_PAUSE, after - before)))
    return moments


def picture(lines: list[tuple[float, str]]) -> str:
    """Return the SVG: a terminal in which the lines appear and scroll; without animations its last page."""
    texts = ["$ make demo", *(line for _, line in lines)]
    moments = [0.0, *shown_at(lines)]
    length = moments[-1] + END_SECONDS
    width, height = round(COLUMNS * CHARACTER + 2 * MARGIN), ROWS * LINE + 2 * MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
            "<title>make demo: a restored table gets its settings back</title>",
            "<style>",
            f"text {{ font: {FONT_SIZE}px monospace; fill: {INK}; white-space: pre }}",
            f".page, .line {{ animation: {length:.1f}s step-end infinite }}",
            *(_appears(number, moment / length) for number, moment in enumerate(moments)),
            _scrolls([moment / length for moment in moments]),
            "@media (prefers-reduced-motion: reduce) { .page, .line { animation: none } }",
            "</style>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>',
            f'<svg x="{MARGIN}" y="{MARGIN}" width="{width - 2 * MARGIN}" height="{ROWS * LINE}">',
            f'<g class="page" transform="translate(0 {-LINE * max(0, len(texts) - ROWS)})">',
            *(_line(number, text) for number, text in enumerate(texts)),
            "</g>",
            "</svg>",
            "</svg>\n",
        ]
    )


def _appears(number: int, share: float) -> str:
    percent = f"{100 * share:.2f}%"
    keyframes = f"0% {{ opacity: {int(not share)} }} {percent}, 100% {{ opacity: 1 }}"
    return f"#l{number} {{ animation-name: a{number} }} @keyframes a{number} {{ {keyframes} }}"


def _scrolls(shares: list[float]) -> str:
    """Return the animation that moves the page up by a line for each that has no place below."""
    steps = " ".join(
        f"{100 * share:.2f}% {{ transform: translateY({-LINE * max(0, number + 1 - ROWS)}px) }}"
        for number, share in enumerate(shares)
    )
    last = -LINE * max(0, len(shares) - ROWS)
    return f".page {{ animation-name: page }} @keyframes page {{ {steps} 100% {{ transform: translateY({last}px) }} }}"


def _line(number: int, text: str) -> str:
    """Return a line as SVG, each piece at the place of its first character, whatever the font's width."""
    y = number * LINE + FONT_SIZE
    pieces = [
        f'<tspan x="{start * CHARACTER:.1f}" textLength="{len(piece) * CHARACTER:.1f}" '
        f'lengthAdjust="spacingAndGlyphs" style="fill: {colour or INK}">{escape(piece)}</tspan>'
        for start, piece, colour in _pieces(text)
    ]
    return f'<text class="line" id="l{number}" y="{y}">{"".join(pieces)}</text>'


def _pieces(text: str) -> list[tuple[int, str, str]]:
    """Return the parts of a line that are no long spaces: the column, the text and the colour."""
    colours = [""] * len(text)
    for pattern, colour in COLOURS:
        for found in pattern.finditer(text):
            colours[found.start() : found.end()] = [colour] * (found.end() - found.start())
    pieces: list[tuple[int, str, str]] = []
    for word in re.finditer(r"\S+(?: \S+)*", text):
        start = word.start()
        for end in range(word.start() + 1, word.end() + 1):
            if end == word.end() or colours[end] != colours[start]:
                pieces.append((start, text[start:end], colours[start]))
                start = end
    return pieces


def main() -> int:
    """Run the demo with this Python, and write the picture."""
    PICTURE.write_text(picture(recorded([sys.executable, "-u", "-m", "tests.support.demo"])), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
