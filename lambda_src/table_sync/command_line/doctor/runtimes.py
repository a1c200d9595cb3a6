"""Which boto3 the settings need. Lambda does not say which one a runtime has: the function's log does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from table_sync.settings import contributor_insights, kinesis, on_demand_throughput, pitr, resource_policy, triggers

if TYPE_CHECKING:
    from collections.abc import Collection

RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")
"""Those that the module accepts (variables.tf)."""
# By setting: the first botocore with what it reads (botocore's change log; of GetResourcePolicy, a release whose
# documentation has it). What the other settings need is older than the oldest of RUNTIMES.
NEEDED = {
    kinesis.NAME: (1, 34, 23),
    resource_policy.NAME: (1, 34, 71),
    on_demand_throughput.NAME: (1, 34, 97),
    triggers.NAME: (1, 35, 3),
    pitr.NAME: (1, 35, 94),
    contributor_insights.NAME: (1, 40, 10),
}


def too_old_for(version: str, enabled: Collection[str]) -> dict[str, str]:
    """Return the enabled settings that need a newer botocore than `version` ("1.35.94"), each with the one it needs."""
    numbers = tuple(int(part) for part in version.split(".") if part.isdecimal())
    return {name: ".".join(map(str, needed)) for name, needed in NEEDED.items() if name in enabled and numbers < needed}
