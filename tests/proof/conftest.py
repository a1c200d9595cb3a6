"""Figures that the proofs measure: printed at the end of the run, and kept as JSON below .work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

_FIGURES = pytest.StashKey[dict]()
WORK = Path(__file__).parents[2] / ".work"


def pytest_configure(config):
    config.stash[_FIGURES] = {}


@pytest.fixture
def figures(request):
    """Record what was measured, under a name."""

    def record(name, **values):
        request.config.stash[_FIGURES][name] = values

    return record


def pytest_terminal_summary(terminalreporter, config):
    measured = config.stash[_FIGURES]
    if not measured:
        return
    WORK.mkdir(exist_ok=True)
    (WORK / "figures.json").write_text(json.dumps(measured, indent=2))
    terminalreporter.section("figures")
    for name, values in measured.items():
        terminalreporter.write_line(f"{name}: " + ", ".join(f"{key} {value}" for key, value in values.items()))
