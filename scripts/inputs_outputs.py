"""The tables of inputs and outputs in README.md, from variables.tf and outputs.tf."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r'^(variable|output) "(?P<name>\w+)" \{\n(?P<body>.*?)^\}', re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"description\s*=\s*<<-?(?P<end>\w+)\n(?P<text>.*?)^\s*(?P=end)$", re.MULTILINE | re.DOTALL)
_STRING = re.compile(r'description\s*=\s*"(?P<text>(?:[^"\\]|\\.)*)"')


def blocks(text: str) -> list[tuple[str, str]]:
    """Return name and body of each variable or output block, by name."""
    return sorted((match["name"], match["body"]) for match in _BLOCK.finditer(text))


def description(body: str) -> str:
    """Return the description in one line, fit for a cell of a Markdown table."""
    heredoc = _HEREDOC.search(body)
    string = _STRING.search(body)
    text = heredoc["text"] if heredoc else json.loads(f'"{string["text"]}"') if string else ""
    return " ".join(text.split()).replace("|", "\\|")


def attribute(body: str, name: str) -> str | None:
    """Return an attribute's expression, one line or an object of several, in one line."""
    match = re.search(rf"^  {name}\s*=\s*(.+?)(?=^  \w|^\s*$|\Z)", body, re.MULTILINE | re.DOTALL)
    return " ".join(match[1].split()) if match else None


def tables() -> dict[str, str]:
    """Return both tables as Markdown, by the name of their place in README.md."""
    inputs = ["| Name | Type | Default | |", "| --- | --- | --- | --- |"]
    for name, body in blocks((ROOT / "variables.tf").read_text()):
        default = attribute(body, "default")
        kind = (attribute(body, "type") or "any").replace("|", "\\|")
        inputs.append(f"| `{name}` | `{kind}` | {f'`{default}`' if default else 'required'} | {description(body)} |")
    outputs = ["| Name | |", "| --- | --- |"]
    outputs += [f"| `{name}` | {description(body)} |" for name, body in blocks((ROOT / "outputs.tf").read_text())]
    return {"inputs": "\n".join(inputs), "outputs": "\n".join(outputs)}


def defaults() -> dict[str, Any]:
    """Return the defaults of those inputs that have one, by name; an expression other than a JSON value stays text."""
    found: dict[str, Any] = {}
    for name, body in blocks((ROOT / "variables.tf").read_text()):
        expression = attribute(body, "default")
        if expression is not None:
            try:
                found[name] = json.loads(expression)
            except ValueError:
                found[name] = expression
    return found
