"""The function's package, and another one that an upgrade of the module brings to a deployed function."""

from __future__ import annotations

import base64
import hashlib

from tests.support.terraform import REPOSITORY

PACKAGE = (REPOSITORY / "lambda_src/dist/function.zip").read_bytes()
# The comment at a zip's end may have any bytes; its length is in the two bytes before (APPNOTE.TXT, 4.3.16).
OLDER_PACKAGE = PACKAGE[:-2] + b"\x05\x00older"


def code_sha256(package: bytes) -> str:
    """Return a package's CodeSha256 as Lambda gives it."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()
