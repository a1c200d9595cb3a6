"""Finds in the function's code the reasons that it can give: why it refused, skipped, left out or waits."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.support.terraform import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTION = REPOSITORY / "lambda_src" / "table_sync"
# Calls and names of which a text is a reason, or the beginning of one.
CALLS = re.compile(r"Obstacle|Outcome|_gone|\w+Error")
# Of a value that a record must not have, and of a mistake in the code.
NO_REASONS = {"InvalidValueError", "ValueError"}
NAMES = {"awaits", "reason", "undone"}
PLACEHOLDER = "\N{OBJECT REPLACEMENT CHARACTER}"


def reasons() -> dict[str, str]:
    """Return each reason, with PLACEHOLDER for what is filled in, and the file that it is in.

    Records and the shapes of their values have a page of their own, and the command line is not the function.
    """
    files = [path for path in sorted(FUNCTION.rglob("*.py")) if not {"command_line", "records"} & set(path.parts)]
    return {reason: path.name for path in files for reason in _reasons_of(path)}


def _reasons_of(path: Path) -> Iterator[str]:
    for part in expressions(ast.parse(path.read_text())):
        text = _text(part)
        # A reason has more than one word of its own, be it "the target is ...".
        if len(text.replace(PLACEHOLDER, "").split()) > 1:
            yield text


def expressions(module: ast.Module) -> Iterator[ast.expr]:
    """Yield the expressions of a module of which a text is a reason."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and CALLS.fullmatch(_name(node.func)) and _name(node.func) not in NO_REASONS:
            yield from (*node.args, *(word.value for word in node.keywords if word.arg == "whole"))
        elif (isinstance(node, ast.keyword) and node.arg in NAMES) or (
            isinstance(node, ast.Assign) and any(_name(target) in NAMES for target in node.targets)
        ):
            yield node.value


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)
    if isinstance(node, ast.IfExp):
        return _text(node.body) or _text(node.orelse)
    return ""


def is_explained(reason: str, explained: list[str]) -> bool:
    """Say whether a page explains a reason: as it is, as a part of a longer one, with values, or shortened by `...`."""
    pattern = re.escape(reason).replace(PLACEHOLDER, ".*")
    return any(
        reason.replace(PLACEHOLDER, "...") in text
        or re.fullmatch(pattern, text)
        or re.fullmatch(re.escape(text).replace(re.escape("..."), ".*"), reason)
        for text in explained
    )
