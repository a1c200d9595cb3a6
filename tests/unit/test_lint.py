"""`make lint`'s checks of Python and of workflows find nothing, and pre-commit's configuration runs what there is."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.terraform import REPOSITORY

HOOKS = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", "--quiet"],
        ["ruff", "check", "--quiet"],
        ["mypy"],
        ["zizmor", "--offline", "--quiet", "--strict-collection", ".github/workflows"],
    ],
    ids=["ruff format", "ruff check", "mypy", "zizmor"],
)
def test_check_finds_nothing(command):
    program, *options = command
    command = [PROGRAMS / program, *options]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_hook_of_others_is_pinned_by_its_commit():
    others = [repository for repository in HOOKS["repos"] if repository["repo"] != "local"]
    assert [repository["rev"] for repository in others if len(repository["rev"]) != 40] == []


def test_every_hook_of_ours_is_there():
    (local,) = [repository for repository in HOOKS["repos"] if repository["repo"] == "local"]
    makefile = (REPOSITORY / "Makefile").read_text()
    for hook in local["hooks"]:
        program, target, *_ = hook["entry"].split()
        assert f"\n{target}:" in makefile if program == "make" else (REPOSITORY / target).exists(), hook["entry"]
