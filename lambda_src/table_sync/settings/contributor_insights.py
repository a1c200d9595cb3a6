"""CloudWatch Contributor Insights of the table and its global secondary indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.settings.api_shape import checked, items
from table_sync.settings.setting import Change, Obstacle, Status, is_not_ready, without_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from table_sync.aws import Table

NAME = "contributor_insights"
TOGGLE = "enable_contributor_insights_settings"
DEFAULT = False
REGION_BOUND = False
READ_ACTIONS = ("dynamodb:ListContributorInsights",)
WRITE_ACTIONS = ("dynamodb:UpdateContributorInsights", "iam:CreateServiceLinkedRole")
NEEDS = None

SUMMARIES = "Contributor Insights"
"""What Table.once() has them under."""
_TABLE = ""


@dataclass(frozen=True)
class Insight:
    """ContributorInsightsSummary."""

    status: str = "DISABLED"
    mode: str | None = None
    """None where it is off."""

    @property
    def live(self) -> bool:
        """Whether it is on, or will be."""
        return self.status in {"ENABLED", "ENABLING"}


@dataclass(frozen=True)
class ContributorInsights:
    """IndexStatus by name, and what is on by index name, "" for the table."""

    indexes: Mapping[str, str]
    insights: Mapping[str, Insight]

    def __bool__(self) -> bool:
        """Say whether any is on."""
        return any(insight.live for insight in self.insights.values())


# The other field is the table's name.
_FIELDS = ("IndexName", "ContributorInsightsStatus", "ContributorInsightsMode")


def fetch(table: Table) -> dict[str, Any] | None:
    """Return ContributorInsightsSummaries: one call for the table and all indexes, less those that are off."""
    table.require_field("dynamodb", "ContributorInsightsSummary", "ContributorInsightsMode")
    client = table.client("dynamodb")
    summaries = table.once(SUMMARIES, lambda: list(listed(client, TableName=table.name)))
    found = [
        {name: summary[name] for name in _FIELDS if summary.get(name)}
        for summary in summaries
        if summary["ContributorInsightsStatus"] != "DISABLED"
    ]
    found.sort(key=lambda summary: str(summary.get("IndexName", _TABLE)))
    return {"ContributorInsightsSummaries": found} if found else None


def listed(client: Any, **request: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Yield the ContributorInsightsSummaries of a table, or, without TableName, of all tables of the Region.

    Raises:
        botocore.exceptions.ClientError: AWS refused the read.

    """
    while True:
        answer = client.list_contributor_insights(**request)
        yield from answer["ContributorInsightsSummaries"]
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def parse(value: dict[str, Any] | None, table: Table) -> ContributorInsights:
    """Return what is on by ContributorInsightsSummaries."""
    if value is not None:
        table.require_field("dynamodb", "ContributorInsightsSummary", "ContributorInsightsMode")
    summaries = [
        checked(summary, "dynamodb", "ContributorInsightsSummary", "ContributorInsightsStatus")
        for summary in items(value or {}, "ContributorInsightsSummaries")
    ]
    insights = {
        summary.get("IndexName", _TABLE): Insight(
            summary["ContributorInsightsStatus"], summary.get("ContributorInsightsMode")
        )
        for summary in summaries
    }
    return ContributorInsights(table.indexes, insights)


def plan(source: ContributorInsights, target: ContributorInsights) -> list[Change | Obstacle]:
    """Plan to turn on what the source has on, in the same mode; nothing is turned off."""
    steps = [_step(name, insight, target) for name, insight in sorted(source.insights.items()) if insight.live]
    return [step for step in steps if step]


def _step(name: str, source: Insight, target: ContributorInsights) -> Change | Obstacle | None:
    if name and name not in target.indexes:
        return without_index(name, "its Contributor Insights are")
    if name and target.indexes[name] != "ACTIVE":
        return is_not_ready(target.indexes[name], name)
    present = target.insights.get(name, Insight())
    if present.status in {"ENABLING", "DISABLING"}:
        return Obstacle(Status.PENDING, f"{_of(name)} are {present.status}")
    if present.live and source.mode in {None, present.mode}:
        return None
    parameters = {"ContributorInsightsAction": "ENABLE"}
    if name:
        parameters["IndexName"] = name
    if source.mode:
        # Without it, another mode than the default would be reset (live probe, October 2026).
        parameters["ContributorInsightsMode"] = source.mode
    undone = f"{_of(name)} are FAILED: DescribeContributorInsights says why"
    there = {"ContributorInsightsAction": "ENABLE"} | (
        {"ContributorInsightsMode": present.mode} if present.mode else {}
    )
    return Change(
        "UpdateContributorInsights",
        parameters,
        undone if present.status == "FAILED" else "",
        subject=f"Contributor Insights of {f'index {name}' if name else 'the table'}",
        present=there if present.live else None,
    )


def apply(change: Change, table: Table) -> str:
    """Turn it on; that takes seconds."""
    answer = table.client("dynamodb").update_contributor_insights(TableName=table.name, **change.parameters)
    status = answer.get("ContributorInsightsStatus", "ENABLING")
    return "" if status == "ENABLED" else f"{_of(change.parameters.get('IndexName', _TABLE))} are {status}"


def _of(name: str) -> str:
    return f"Contributor Insights of {f'index {name}' if name else 'the target'}"
