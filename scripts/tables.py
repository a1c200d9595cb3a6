"""Write what the pages have of the code: the tables of inputs, outputs, permissions and costs, and lists of toggles."""

from __future__ import annotations

import re
from pathlib import Path

from scripts import beyond_sample, costs, inputs_outputs, permissions, record_costs

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    ROOT / "README.md": ("costs", "record-costs"),
    ROOT / "docs/inputs-and-outputs.md": ("inputs", "outputs"),
    beyond_sample.EXAMPLE / "README.md": ("beyond-sample",),
    ROOT / "docs/permissions.md": ("permissions", "recorder-permissions"),
}


def rendered(page: str, names: tuple[str, ...]) -> str:
    """Return a page with its tables anew.

    Args:
        page: its text.
        names: of its tables.

    Raises:
        ValueError: a table has no place on the page (`<!-- name -->`, and `<!-- /name -->` after it).

    """
    tables = inputs_outputs.tables() | {
        "beyond-sample": beyond_sample.block(),
        "permissions": permissions.table(),
        "recorder-permissions": permissions.recorder_table(),
        "costs": costs.table(),
        "record-costs": record_costs.table(),
    }
    for name in names:
        places = re.findall(rf"<!-- {name} -->\n\n.*?\n\n<!-- /{name} -->", page, re.DOTALL)
        if len(places) != 1:
            raise ValueError(f"The page has {len(places)} places for the table of {name}: it needs one.")
        page = page.replace(places[0], f"<!-- {name} -->\n\n{tables[name]}\n\n<!-- /{name} -->")
    return page
