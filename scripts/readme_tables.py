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
        places = re.findall(rf"<!-- {name} -->\n\n.*?\n\n<!-- /{name} -->", readme, re.DOTALL)
        if len(places) != 1:
            raise ValueError(f"README.md has {len(places)} places for the table of {name}: it needs one.")
        readme = readme.replace(places[0], f"<!-- {name} -->\n\n{table}\n\n<!-- /{name} -->")
    return readme
