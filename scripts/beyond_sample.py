"""What a migration from the SAM sample turns off to copy no more than the sample did."""

from __future__ import annotations

from scripts.terraform_files import ROOT, bodies
from table_sync.settings import SETTINGS

EXAMPLE = ROOT / "examples/migrate-from-sam"


def block() -> str:
    """Return a block of code that turns off what is on by default and the example does not take from the sample."""
    of_sample = bodies("module", [EXAMPLE / "main.tf"])["table_sync"]
    off = [setting.TOGGLE for setting in SETTINGS if setting.DEFAULT and setting.TOGGLE not in of_sample]
    longest = max(map(len, off))
    lines = (f"  {toggle:{longest}} = false" for toggle in off)
    return "\n".join(["```hcl", *lines, "```"])
