"""Reads formatted Terraform files as far as the tests look at them: top-level blocks, and code without texts."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A formatted file's top-level blocks begin and end at the beginning of a line, or are one line.
_BLOCK = re.compile(
    r'^(?P<kind>\w+)(?P<labels>(?: "[^"\n]*")*) \{(?:\n(?P<body>.*?)^\}|(?P<line>[^\n]*)\})$', re.MULTILINE | re.DOTALL
)
_PART = re.compile(
    r"#[^\n]*|//[^\n]*|/\*.*?\*/"
    r"|<<-?(?P<end>\w+)\n(?P<document>(?:.*?\n)??)[ \t]*(?P=end)(?=\n|$)"
    r'|[^#/<"{}]+|.',
    re.DOTALL,
)
_TEXT_PART = re.compile(r"\\.|\$\$\{|%%\{|(?P<code>[$%]\{)|.", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A top-level block: `resource "aws_sqs_queue" "this" { ... }` has the kind "resource" and two labels."""

    kind: str
    labels: tuple[str, ...]
    body: str


def blocks(text: str, kind: str = "") -> list[Block]:
    """Return the top-level blocks of a file, all or those of one kind."""
    found = [
        Block(match["kind"], tuple(re.findall(r'"([^"]*)"', match["labels"])), match["body"] or match["line"] or "")
        for match in _BLOCK.finditer(text)
    ]
    return [block for block in found if kind in {"", block.kind}]


def code(text: str) -> str:
    """Return Terraform code without comments, and of texts and heredocs only their quotes and what they interpolate."""
    return _code(text, 0, "")[0]


def _code(text: str, at: int, closing: str) -> tuple[str, int]:
    read, depth = [], 0
    while match := _PART.match(text, at):
        part, at = match[0], match.end()
        if part == '"':
            part, at = _text(text, at, '"')
        elif match["end"]:
            part = _text(match["document"], 0, "")[0]
        elif part.startswith(("#", "//", "/*")):
            part = ""
        elif part == "}" == closing and depth == 0:
            break
        depth += {"{": 1, "}": -1}.get(part, 0)
        read.append(part)
    return "".join(read), at


def _text(text: str, at: int, closing: str) -> tuple[str, int]:
    read = []
    while match := _TEXT_PART.match(text, at):
        at = match.end()
        if match["code"]:
            inner, at = _code(text, at, "}")
            read.append(f" {inner} ")
        elif match[0] == closing:
            break
    return f'"{"".join(read)}"', at
