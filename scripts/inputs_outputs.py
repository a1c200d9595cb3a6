"""Write the tables of inputs and outputs in README.md from variables.tf and outputs.tf."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
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


def rendered(readme: str) -> str:
    """Return the README with both tables anew."""
    for name, table in tables().items():
        place = re.compile(rf"(<!-- {name} -->\n\n).*?(\n\n<!-- /{name} -->)", re.DOTALL)
        readme = place.sub(lambda match, table=table: match[1] + table + match[2], readme)
    return readme


def main() -> int:
    """Write README.md, or with --check say that it is stale (exit code 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if README.md is stale")
    check = parser.parse_args().check
    before = README.read_text()
    after = rendered(before)
    if check and before != after:
        print("README.md does not list the inputs and outputs of the module as they are: run make docs.")
        return 1
    if not check:
        README.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
