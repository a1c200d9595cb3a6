"""The function's package, and the one before it: what an upgrade of the module brings to a deployed function."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from tests.support.deployment import zip_of
from tests.support.terraform import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

FILE = "lambda_src/dist/function.zip"
PACKAGE = (REPOSITORY / FILE).read_bytes()
STAND_IN = zip_of({"table_sync/handler.py": "def lambda_handler(event, context): pass"})


class NoHistoryError(Exception):
    """The package before this one may have been committed, but the checkout does not reach back so far."""


def code_sha256(package: bytes) -> str:
    """Return a package's CodeSha256 as Lambda gives it."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


@cache
def committed_before(checkout: Path) -> bytes | None:
    """Return the latest package in a checkout's history that is not the one in it; None if there was no other.

    Raises:
        NoHistoryError: there is no git, the checkout is no clone, or a shallow one without another package.

    """
    git = shutil.which("git")
    if git is None:
        raise NoHistoryError("The package before this one is not known, because there is no git on PATH.")
    commits = _output(git, checkout, "log", "--format=%H", "--", FILE).decode().split()
    packages = (_output(git, checkout, "show", f"{commit}:{FILE}") for commit in commits)
    now = (checkout / FILE).read_bytes()
    if before := next((package for package in packages if package not in {b"", now}), None):
        return before
    if _output(git, checkout, "rev-parse", "--is-shallow-repository").strip() != b"false":
        raise NoHistoryError(
            "The package before this one is not known, because the checkout is no full clone: fetch its whole history."
        )
    return None


def _output(git: str, checkout: Path, *arguments: str) -> bytes:
    done = subprocess.run([git, *arguments], cwd=checkout, capture_output=True, check=False)  # noqa: S603 (git, found on PATH)
    return done.stdout


def older_package(checkout: Path = REPOSITORY) -> bytes:
    """Return the previous commit's, or a stand-in where there is none or no history.

    Raises:
        NoHistoryError: there is no history in GitHub, whose checkouts have it if they are told to.

    """
    try:
        return committed_before(checkout) or STAND_IN
    except NoHistoryError as error:
        if os.environ.get("GITHUB_ACTIONS") == "true":
            raise NoHistoryError(f"In GitHub a stand-in will not do. {error}") from None
        return STAND_IN


def why_stand_in(checkout: Path = REPOSITORY) -> str:
    """Return why `older_package` had to take a stand-in, "" if it had not to."""
    try:
        return "" if committed_before(checkout) else "No other package was ever committed."
    except NoHistoryError as error:
        return str(error)
