"""Print a version's part of CHANGELOG.md: `python scripts/release_notes.py v1.2.3`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
_VERSION = re.compile(r"v(\d+\.\d+\.\d+)")


class NoReleaseError(Exception):
    """The tag is of no version that CHANGELOG.md describes; the message says what to do."""


def notes(tag: str, changelog: str) -> str:
    """Return what stands below the heading `## VERSION` or `## VERSION, DATE`, up to the next heading.

    Args:
        tag: v and a semantic version.
        changelog: the text of CHANGELOG.md.

    Raises:
        NoReleaseError: the tag is none of a version, or the version has no heading, or nothing below it.

    """
    version = _VERSION.fullmatch(tag)
    if not version:
        raise NoReleaseError(f"{tag} is no tag of a release: name it vMAJOR.MINOR.PATCH.")
    part = re.search(
        rf"^## {re.escape(version[1])}(, [^\n]*)?\n(?P<text>.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not part or not part["text"].strip():
        raise NoReleaseError(f"CHANGELOG.md says nothing of {version[1]}: give it a heading and what has changed.")
    return part["text"].strip() + "\n"


def main(arguments: list[str]) -> int:
    """Print the notes of a tag; return the exit code."""
    if len(arguments) != 1:
        print("usage: python scripts/release_notes.py vMAJOR.MINOR.PATCH", file=sys.stderr)
        return 2
    try:
        print(notes(arguments[0], CHANGELOG.read_text()), end="")
    except NoReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
