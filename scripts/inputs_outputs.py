"""The tables of inputs and outputs, from variables.tf and outputs.tf."""

from __future__ import annotations

import json
from typing import Any

from scripts.terraform_files import ROOT, bodies, expression


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _description(body: dict[str, Any]) -> str:
    # python-hcl2 8.1.4 escapes the quotes of a heredoc.
    return _cell(body["description"].replace('\\"', '"'))


def tables() -> dict[str, str]:
    """Return both tables as Markdown, by the name of their place on the page."""
    inputs = ["| Name | Type | Default | |", "| --- | --- | --- | --- |"]
    for name, body in sorted(bodies("variable", [ROOT / "variables.tf"]).items()):
        default = f"`{json.dumps(body['default'])}`" if "default" in body else "required"
        inputs.append(f"| `{name}` | `{_cell(expression(body['type']))}` | {default} | {_description(body)} |")
    outputs = ["| Name | |", "| --- | --- |"]
    for name, body in sorted(bodies("output", [ROOT / "outputs.tf"]).items()):
        outputs.append(f"| `{name}` | {_description(body)} |")
    return {"inputs": "\n".join(inputs), "outputs": "\n".join(outputs)}
