"""Repairs of what `terraform plan -generate-config-out` writes and the AWS provider then refuses.

Terraform writes down every argument, also where the provider refuses the value that stands for "not set".
"""

from __future__ import annotations

import re

_REPAIRS = (
    # "to be in the range (1 - 35), got 0", for a table without point-in-time recovery.
    r"^ *recovery_period_in_days += 0\n",
    # "conflicts with on_demand_throughput"; those of an index stay.
    r"^  (?:read|write)_capacity += 0\n",
    # "Missing required argument", for an event source mapping without a destination.
    r"^  destination_config \{\n    on_failure \{\n      destination_arn = null\n    \}\n  \}\n",
    # "to be at least (1), got 0".
    r"^ *datapoints_to_alarm += 0\n",
    # "conflicts with metric_query".
    r"^ *(?:dimensions += \{\}|period += 0)\n",
    # "conflicts with threshold_metric_id".
    r"^  threshold += 0\n(?=  threshold_metric_id += \")",
)


def repair(text: str) -> tuple[str, int]:
    """Return the configuration without the values that the AWS provider refuses, and how many there were."""
    total = 0
    for pattern in _REPAIRS:
        text, count = re.subn(pattern, "", text, flags=re.MULTILINE)
        total += count
    return text, total
