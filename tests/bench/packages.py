"""How large the packages are."""

from __future__ import annotations

from tests.bench.cold_start import DIST
from tests.bench.figure import Figure

KILOBYTE = 1024


def figures() -> list[Figure]:
    """Measure both zips; function.zip is stored, layer.zip deflated."""
    sizes = {name: (DIST / name).stat().st_size for name in ("function.zip", "layer.zip")}
    return [Figure("Packages", name, size / KILOBYTE, "KB") for name, size in sizes.items()]
