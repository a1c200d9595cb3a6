"""The module's alarms, by what their names have after the module's name and a hyphen."""

import re

from scripts.inputs_outputs import defaults
from tests.support.terraform import REPOSITORY

FIXED = re.findall(r"^      ([\w-]+) = \{$", (REPOSITORY / "monitoring.tf").read_text(), re.MULTILINE)
OF_RULES = [f"lost-{name.replace('_', '-')}" for name in defaults()["restore_types"]]
"""Those of the rules that there are by default."""
DEFAULT = FIXED + OF_RULES
