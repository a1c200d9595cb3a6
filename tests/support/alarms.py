"""The module's alarms, by what their names have after the module's name and a hyphen."""

from hcl2.rules.containers import ObjectRule

from scripts.terraform_files import defaults, read
from tests.support.terraform import REPOSITORY

# The first object in local.alarms.
_FIXED, *_ = (
    found.to_dict()
    for block in read(REPOSITORY / "monitoring.tf")
    for alarms in block.tree.attributes("alarms")
    for found in alarms.find_all(ObjectRule)
)
FIXED = list(_FIXED)
OF_RULES = [f"lost-{name.replace('_', '-')}" for name in defaults()["restore_types"]]
"""Those of the rules that there are by default."""
DEFAULT = FIXED + OF_RULES
