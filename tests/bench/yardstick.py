"""What the figures are measured on and with: a table, its settings, AWS's own times, and the SAM sample's path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from table_sync.settings import SETTINGS
from tests.settings import auto_scaling, kinesis, triggers
from tests.support.tables import (
    RECOVERY_PERIOD_IN_DAYS,
    TAGS,
    TTL_ATTRIBUTE,
    make_source,
    make_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.embedded_aws import EmbeddedAWS
    from tests.support.embedded_aws.delays import Delays

# 2027-01-15: the same moment in each run, so that every run is the same.
START = 1_800_000_000.0
# Those of the SAM sample.
SEVEN = ("tags", "kinesis", "stream", "triggers", "ttl", "pitr", "auto_scaling")
CONTENT = (
    f"{len(TAGS)} tags, a Kinesis destination, a stream, two triggers, TTL, point-in-time recovery "
    f"({RECOVERY_PERIOD_IN_DAYS} days), auto scaling of reads and writes by target tracking; two indexes"
)

# The SAM sample makes one change set after another, and waits for each with waiters that sleep between their looks.
# That is its least: what AWS takes beyond a sleep would come on top.
SAMPLE_SLEEPS = 16
SAMPLE_SLEEP_SECONDS = 6
SAMPLE_SECONDS = SAMPLE_SLEEPS * SAMPLE_SLEEP_SECONDS
SAMPLE_CALLS = 46


def make_yardstick(aws: EmbeddedAWS, name: str) -> None:
    """Make a table with what CONTENT says."""
    arn = make_table(aws, name, stream_view_type="NEW_AND_OLD_IMAGES")
    client = aws.client("dynamodb")
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()])
    specification = {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    kinesis.give(aws, name)
    triggers.give(aws, name)
    for units in ("Read", "Write"):
        auto_scaling.scale(aws, name, f"dynamodb:table:{units}CapacityUnits")
    aws.clock.advance(3700)  # TTL takes up to an hour


@dataclass(frozen=True)
class Content:
    """What makes a table of that name with some settings, and the environment in which those are on."""

    make: Callable[[EmbeddedAWS, str], object]
    variables: Mapping[str, str]


THE_SEVEN = Content(make_yardstick, {setting.TOGGLE.upper(): str(setting.NAME in SEVEN) for setting in SETTINGS})
EVERY_SETTING = Content(make_source, {setting.TOGGLE.upper(): "true" for setting in SETTINGS})


def longest_chain(delays: Delays, *, every_setting: bool = False) -> float:
    """Return how long AWS itself takes from ACTIVE to the last of the seven settings, or of all, in seconds.

    What is in one chain has to wait for what is before it; the chains run side by side. TTL is not waited for.
    """
    chains = {
        "stream, then its triggers": delays.stream + delays.mapping,
        "Kinesis destination": delays.kinesis,
        "point-in-time recovery": delays.continuous_backups,
    }
    if every_setting:
        chains |= {
            "one UpdateTable after another": delays.stream + delays.table_class,
            "stream, then its policy": delays.stream + delays.resource_policy,
            "Contributor Insights": delays.contributor_insights,
        }
    return max(chains.values())


# What one pass over the seven settings calls at least, if nothing is asked twice.
PASS_CALLS = {
    "both tables described": 2,
    "tags: both read, one write": 3,
    "Kinesis destination: both read, one write, and whether it is ACTIVE": 4,
    "stream: one write, and whether it is there (DescribeTable)": 2,
    "triggers: the source's, the target's, two writes, and their state 5 s and 10 s later": 6,
    "TTL: both read, one write": 3,
    "point-in-time recovery: both read, one write": 3,
    "auto scaling: both targets, the source's policies and scheduled actions, four writes": 8,
}
OUTCOME_EVENT_CALLS = 1
# At the moment of ACTIVE, AWS refuses UpdateContinuousBackups (ContinuousBackupsUnavailableException for 3 to 6 s, live
# probe, October 2026): point-in-time recovery is read and enabled once more. A direct invocation sends no event.
CALLS_REPEATED_AT_ACTIVE = 2
