"""What the pictures are drawn with: SVG that comes out the same on every machine, on a ground of its own."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

INK = "#16191f"


def document(width: float, height: float, parts: Iterable[str], *, ground: str, title: str) -> str:
    """Return a picture of so many pixels; the title is for those who cannot see it."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" rx="6" fill="{ground}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def text(  # noqa: PLR0913 (what text may be)
    x: float, y: float, content: str, *, size: int, weight: str = "normal", anchor: str = "start", fill: str = INK
) -> str:
    """Return one line of text; `y` is that of its base line, `size` in pixels."""
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{fill}" stroke="none"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(content)}</text>'
