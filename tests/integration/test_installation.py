"""The command `table-sync` is installed by pip, pipx and uv, from a clone and from a git address."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import table_sync
from tests.support.terraform import REPOSITORY

PROGRAMS = Path(sys.executable).parent
VERSION = f"table-sync {table_sync.__version__}\n"


def run(*command, cwd, **variables):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(  # noqa: S603 (our own commands)
        [str(part) for part in command],
        cwd=cwd,
        # What is installed runs once.
        env=environment | {"PIP_NO_COMPILE": "1"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone with the files of the working tree, so that what is not committed yet is tested too."""
    directory = tmp_path_factory.mktemp("clone") / "module"
    run("git", "clone", "--quiet", "--no-hardlinks", REPOSITORY, directory, cwd=REPOSITORY)
    for name in ("pyproject.toml", "README.md"):
        (directory / name).write_bytes((REPOSITORY / name).read_bytes())
    run("rm", "-rf", directory / "lambda_src/table_sync", cwd=directory)
    run("cp", "-r", REPOSITORY / "lambda_src/table_sync", directory / "lambda_src/table_sync", cwd=directory)
    run("find", directory, "-name", "__pycache__", "-prune", "-exec", "rm", "-rf", "{}", "+", cwd=directory)
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    run("git", "add", "--all", cwd=directory)
    run("git", *identity, "commit", "--quiet", "--allow-empty", "-m", "The working tree", cwd=directory)
    return directory


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Where pipx has its pip, of which it would else make one for each of the tests."""
    return str(tmp_path_factory.mktemp("shared"))


def test_pip_installs_it_from_a_clone(clone, tmp_path):
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    run(sys.executable, "-m", "pip", "--python", tmp_path / "venv", "install", "--quiet", ".", cwd=clone)
    assert run(tmp_path / "venv/bin/table-sync", "--version", cwd=tmp_path) == VERSION
    assert run("git", "status", "--porcelain", "--ignored", cwd=clone) == ""


@pytest.mark.parametrize("address", ["{clone}", "git+file://{clone}"], ids=["clone", "git address"])
def test_pipx_installs_it(clone, shared, tmp_path, address):
    home = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin"), "PIPX_SHARED_LIBS": shared}
    run(PROGRAMS / "pipx", "install", address.format(clone=clone), cwd=tmp_path, **home)
    assert run(tmp_path / "bin/table-sync", "--version", cwd=tmp_path) == VERSION
    assert run("git", "status", "--porcelain", "--ignored", cwd=clone) == ""


def test_uvx_runs_it(clone):
    assert "usage: table-sync" in run(PROGRAMS / "uvx", "--quiet", "--from", ".", "table-sync", "--help", cwd=clone)
    assert run("git", "status", "--porcelain", "--ignored", cwd=clone) == ""
