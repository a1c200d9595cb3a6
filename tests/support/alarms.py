"""The module's alarms, by what their names have after the module's name and a hyphen."""

from hcl2.rules.containers import ObjectRule

from scripts.terraform_files import defaults, read
from tests.support.terraform import REPOSITORY


def _names(file: str, local: str) -> list[str]:
    """Return the keys of the first object in a local value."""
    first, *_ = (
        found.to_dict()
        for block in read(REPOSITORY / file)
        for alarms in block.tree.attributes(local)
        for found in alarms.find_all(ObjectRule)
    )
    return list(first)


FIXED = _names("monitoring.tf", "alarms")
OF_RULES = [f"lost-{name.replace('_', '-')}" for name in defaults()["restore_types"]]
"""Those of the rules that there are by default."""
DEFAULT = FIXED + OF_RULES
OF_RECORDS = _names("records.tf", "all_records_alarms")
"""Those of enable_records."""
