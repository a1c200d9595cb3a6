"""Make what is made from the code within a second: tables, and the pictures of architecture and retries.

With --check nothing is written, and the exit code is 1 if a file is not what would be made.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from scripts import architecture_picture, retries_picture, tables

if TYPE_CHECKING:
    from pathlib import Path


def made() -> dict[Path, str]:
    """Return each file as it is to be."""
    return {
        **{page: tables.rendered(page.read_text(), names) for page, names in tables.PAGES.items()},
        architecture_picture.PICTURE: architecture_picture.picture(),
        retries_picture.PICTURE: retries_picture.picture(),
    }


def stale() -> list[Path]:
    """Return the files that are not as they are to be."""
    return [path for path, text in made().items() if not path.exists() or path.read_text() != text]


def main() -> int:
    """Write the files, or with --check say which are stale."""
    parser = argparse.ArgumentParser(description="Make the documentation's tables and pictures from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if a file is stale")
    if parser.parse_args().check:
        for path in stale():
            print(f"{path.name} is not what the code makes it: run make docs.", file=sys.stderr)
        return 1 if stale() else 0
    for path, text in made().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
