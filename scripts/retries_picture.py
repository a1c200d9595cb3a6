"""Draw docs/retries.svg: the delays over time, by the function's own backoff. `make docs` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import svg
from scripts.attempts import longest, middle, schedule, shortest

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "retries.svg"
WIDTH, HEIGHT = 1000, 350
LINE, BAND, GRID = "#2b4bb5", "#c7d2fe", "#e5e7eb"
MINUTES, SECONDS, HOURS, ATTEMPTS = 240, 200, 44, 1000


@dataclass(frozen=True)
class Axes:
    """A chart: where it is in pixels, and up to which values it goes."""

    left: int
    right: int
    most_x: float
    most_y: float
    top: int = 74
    bottom: int = 290

    def x(self, value: float) -> float:
        """Return the pixel of a value."""
        return round(self.left + (self.right - self.left) * value / self.most_x, 1)

    def y(self, value: float) -> float:
        """Return the pixel of a value."""
        return round(self.bottom - (self.bottom - self.top) * value / self.most_y, 1)

    def draw(self, title: str, x_title: str, step_x: int, step_y: int) -> Iterator[str]:
        """Return grid, scales and titles as SVG."""
        yield svg.text(self.left, 36, title, size=16, weight="bold")
        yield svg.text((self.left + self.right) / 2, self.bottom + 42, x_title, size=12, anchor="middle")
        for value in range(0, int(self.most_y) + 1, step_y):
            yield f'<path d="M{self.left} {self.y(value)}H{self.right}" stroke="{GRID}"/>'
            yield svg.text(self.left - 8, self.y(value) + 4, str(value), size=12, anchor="end")
        for value in range(0, int(self.most_x) + 1, step_x):
            yield svg.text(self.x(value), self.bottom + 20, str(value), size=12, anchor="middle")


def delays() -> Iterator[str]:
    """Return the chart of the delay after each attempt, with the range of the jitter."""
    axes = Axes(left=60, right=560, most_x=MINUTES, most_y=SECONDS)
    yield from axes.draw("Seconds until the next attempt", "minutes since the event arrived", 30, 40)
    bounds = zip(schedule(shortest), schedule(), schedule(longest), strict=True)
    shown = [(low, attempt, high) for low, attempt, high in bounds if attempt.seconds <= MINUTES * 60]
    way = "L".join(f"{axes.x(attempt.seconds / 60)} {axes.y(attempt.delay)}" for _, attempt, _ in shown)
    lows = [f"{axes.x(attempt.seconds / 60)} {axes.y(low.delay)}" for low, attempt, _ in shown]
    highs = [f"{axes.x(attempt.seconds / 60)} {axes.y(high.delay)}" for _, attempt, high in shown]
    yield f'<path d="M{"L".join([*lows, *reversed(highs)])}Z" fill="{BAND}"/>'
    yield f'<path d="M{way}" fill="none" stroke="{LINE}" stroke-width="1.6"/>'
    first, last = shown[0][1], shown[-1]
    yield svg.text(
        axes.x(first.seconds / 60) + 30, axes.y(first.delay) + 5, f"first attempt after {first.seconds} s", size=12
    )
    jitter = f"with jitter: {last[0].delay} to {last[2].delay} s, {last[1].delay} s on average"
    yield svg.text(axes.right, axes.y(last[0].delay) + 24, jitter, size=12, anchor="end")


def window() -> Iterator[str]:
    """Return the chart of the number of attempts over time."""
    axes = Axes(left=650, right=970, most_x=HOURS, most_y=ATTEMPTS)
    yield from axes.draw("Attempts so far", "hours since the event arrived", 4, 250)
    early, usual, late = schedule(shortest), schedule(middle), schedule(longest)
    edge = [*early[::20], early[-1], late[-1], *late[::-20]]
    band = "L".join(f"{axes.x(attempt.seconds / 3600)} {axes.y(attempt.number)}" for attempt in edge)
    yield f'<path d="M{band}Z" fill="{BAND}"/>'
    way = "L".join(
        f"{axes.x(attempt.seconds / 3600)} {axes.y(attempt.number)}" for attempt in [*usual[::20], usual[-1]]
    )
    yield f'<path d="M{way}" fill="none" stroke="{LINE}" stroke-width="1.6"/>'
    last = f"the last of {len(usual)} is made after"
    bounds = f"{early[-1].seconds / 3600:.1f} to {late[-1].seconds / 3600:.1f} hours"
    yield svg.text(axes.left + 10, axes.y(ATTEMPTS) + 24, last, size=12)
    yield svg.text(axes.left + 10, axes.y(ATTEMPTS) + 40, bounds, size=12)


def picture() -> str:
    """Return both charts as SVG."""
    least, most = schedule(shortest)[0].delay, schedule(longest)[-1].delay
    title = (
        f"Delays between attempts grow from {least} to {most} seconds within hours and stay there until the second day"
    )
    return svg.document(WIDTH, HEIGHT, [*delays(), *window()], ground="white", title=title)


if __name__ == "__main__":
    PICTURE.write_text(picture())
    print(PICTURE.name)
