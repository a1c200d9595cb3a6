"""Write what in README.md is made from the code: the tables of inputs, outputs, permissions and costs."""

from __future__ import annotations

import re
from pathlib import Path

from scripts import costs, inputs_outputs, permissions

README = Path(__file__).resolve().parent.parent / "README.md"


def rendered(readme: str) -> str:
    """Return the README with every table anew.

    Raises:
        ValueError: a table has no place in it (`<!-- name -->`, and `<!-- /name -->` after it).

    """
    tables = inputs_outputs.tables() | {"permissions": permissions.table(), "costs": costs.table()}
    for name, table in tables.items():
        place = re.compile(rf"(<!-- {name} -->\n\n).*?(\n\n<!-- /{name} -->)", re.DOTALL)
        readme, places = place.subn(lambda match, table=table: match[1] + table + match[2], readme)
        if places != 1:
            raise ValueError(f"README.md has {places} places for the table of {name}: it needs one.")
    return readme
