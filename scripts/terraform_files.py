"""What python-hcl2 reads in Terraform files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hcl2 import SerializationOptions
from hcl2.query import BlockView, DocumentView

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parent.parent
_VALUES = SerializationOptions(
    with_comments=False, explicit_blocks=False, preserve_heredocs=False, strip_string_quotes=True
)


@dataclass(frozen=True)
class Block:
    """A top-level block: `resource "aws_sqs_queue" "this" { ... }` has the kind "resource" and two labels."""

    kind: str
    labels: tuple[str, ...]
    body: dict[str, Any]
    """As in Terraform's JSON syntax: values, expressions as "${...}", and a list for the blocks of each kind."""
    tree: BlockView


def parse(text: str) -> list[Block]:
    """Return the top-level blocks of a file's text."""
    return [
        Block(view.block_type, tuple(view.name_labels), view.body.to_dict(_VALUES), view)
        for view in DocumentView.parse(text).blocks()
        if isinstance(view, BlockView)
    ]


@cache
def read(path: Path) -> list[Block]:
    """Return the top-level blocks of a file, which is read once in a process."""
    return parse(path.read_text())


def bodies(kind: str, paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Return the bodies of all blocks of a kind by their labels, such as "aws_sqs_queue.this"."""
    return {".".join(block.labels): block.body for path in paths for block in read(path) if block.kind == kind}


def expression(value: str) -> str:
    """Return the expression of a body's value without its "${" and "}"."""
    return value.removeprefix("${").removesuffix("}")


def defaults() -> dict[str, Any]:
    """Return the defaults of the module's inputs that have one, by name."""
    variables = bodies("variable", [ROOT / "variables.tf"])
    return {name: body["default"] for name, body in variables.items() if "default" in body}
