"""Standard output that takes whatever is written, and is quiet at the end where nobody can read it."""

from __future__ import annotations

import codecs
import io
import os
import sys


def take_any_character() -> None:
    """Let what standard output cannot encode be written as HCL and JSON escape it."""
    codecs.register_error("as-in-hcl", _escaped)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="as-in-hcl")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    numbers = map(ord, error.object[error.start : error.end])
    return "".join(f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}" for number in numbers), error.end


def give_up_output() -> None:
    """Have the interpreter not try again, at its end, to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
