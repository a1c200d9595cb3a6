"""Objects that S3 has refused to store, kept as long as this execution environment lives.

While S3 refuses writes nothing durable says that a restore is sent, processed or announced. Lambda reuses environments
(developer guide, Lambda execution environment), so that this mostly does: only another environment repeats it.
"""

from __future__ import annotations

from typing import Any

# A report is the largest part of an object, and is left out.
_MOST = 1000
_contents: dict[tuple[str, str], dict[str, Any]] = {}


def keep(bucket: str, key: str, content: dict[str, Any]) -> None:
    """Keep the content of an object (JSON types), and forget the oldest if there are too many."""
    _contents.pop((bucket, key), None)
    _contents[bucket, key] = content | ({"report": None} if "report" in content else {})
    if len(_contents) > _MOST:
        del _contents[next(iter(_contents))]


def find(bucket: str, key: str) -> dict[str, Any] | None:
    """Return the content of an object that S3 has refused last, None if there is none."""
    return _contents.get((bucket, key))


def drop(bucket: str, key: str) -> None:
    """Forget an object: S3 has it by now."""
    _contents.pop((bucket, key), None)


def drop_all() -> None:
    """Forget all, as a new execution environment does."""
    _contents.clear()
