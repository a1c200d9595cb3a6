"""The function's package, and the one before it: what an upgrade of the module brings to a deployed function."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess

from tests.support.deployment import zip_of
from tests.support.terraform import REPOSITORY

FILE = "lambda_src/dist/function.zip"
PACKAGE = (REPOSITORY / FILE).read_bytes()


def code_sha256(package: bytes) -> str:
    """Return a package's CodeSha256 as Lambda gives it."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


def _committed_before() -> bytes | None:
    """Return the latest package in the history that is not PACKAGE; None where there is no history."""
    git = shutil.which("git")
    if git is None:
        return None
    commits = _output(git, "log", "--format=%H", "--", FILE).decode().split()
    packages = (_output(git, "show", f"{commit}:{FILE}") for commit in commits)
    return next((package for package in packages if package not in {b"", PACKAGE}), None)


def _output(git: str, *arguments: str) -> bytes:
    done = subprocess.run([git, *arguments], cwd=REPOSITORY, capture_output=True, check=False)  # noqa: S603 (git, found on PATH)
    return done.stdout


OLDER_PACKAGE = _committed_before() or zip_of({"table_sync/handler.py": "def lambda_handler(event, context): pass"})
"""The previous commit's, or a stand-in where there is no history."""
