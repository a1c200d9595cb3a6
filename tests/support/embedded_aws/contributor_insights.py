"""CloudWatch Contributor Insights for DynamoDB: whether it is on, of a table and of each global secondary index.

Sources: DynamoDB API reference; probes 089-094: ENABLING takes 1-16 s, a call without a mode sets the default one, what
is so already is answered as it is.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, invalid
from tests.support.embedded_aws.service import page
from tests.support.embedded_aws.transitions import Transition

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call

DEFAULT_MODE = "ACCESSED_AND_THROTTLED_KEYS"


@dataclass
class Insights:
    """Contributor Insights of a table or an index."""

    status: Transition
    mode: str
    changed: float


class ContributorInsights(Tables):
    """Contributor Insights of every table."""

    def update_contributor_insights(self, call: "Call") -> dict[str, Any]:
        """UpdateContributorInsights."""
        table, index = self._target(call)
        enable = call.parameters["ContributorInsightsAction"] == "ENABLE"
        mode = call.parameters.get("ContributorInsightsMode", DEFAULT_MODE)
        known = table.insights.get(index)
        is_enabled = known is not None and known.status.status(self.now) in {"ENABLING", "ENABLED"}
        if enable and index is not None and self.index_status(table, index) != "ACTIVE":
            raise invalid(
                "Table or Index is not in a valid state to update Key Access Insights: IndexStatus must be ACTIVE to "
                "enable ContributorInsights."
            )
        if enable == is_enabled and (known is None or not enable or known.mode == mode):
            return self._summary(table, index)
        during, after = ("ENABLING", "ENABLED") if enable else ("DISABLING", "DISABLED")
        status = Transition(during, after, self.now + self.aws.delays.contributor_insights)
        table.insights[index] = Insights(status, mode, self.now)
        return self._summary(table, index)

    def describe_contributor_insights(self, call: "Call") -> dict[str, Any]:
        """DescribeContributorInsights."""
        table, index = self._target(call)
        insights = table.insights.get(index)
        summary = self._summary(table, index)
        rules = ["PKC", "SKC", "PKT", "SKT"] if summary["ContributorInsightsStatus"] == "ENABLED" else []
        return summary | {
            "LastUpdateDateTime": insights.changed if insights else None,
            "ContributorInsightsRuleList": [f"DynamoDBContributorInsights-{rule}-{table.moto.name}" for rule in rules],
        }

    def list_contributor_insights(self, call: "Call") -> dict[str, Any]:
        """ListContributorInsights, of one table or of all of the Region, those that are not DISABLED."""
        sent = call.parameters
        tables = [self.table(call)] if "TableName" in sent else self.tables(call.region)
        summaries = [self._summary(table, index) for table in tables for index in table.insights]
        summaries = [summary for summary in summaries if summary["ContributorInsightsStatus"] != "DISABLED"]
        summaries, token = page(summaries, sent.get("NextToken"), sent.get("MaxResults") or 100)
        return {"ContributorInsightsSummaries": summaries, "NextToken": token}

    def _target(self, call: "Call") -> tuple[ControlledTable, str | None]:
        table, index = self.table(call), call.parameters.get("IndexName")
        if index is not None and index not in table.index_names():
            message = f"Requested resource not found: Index: {index} not found for table: {table.moto.name}"
            raise AwsError("ResourceNotFoundException", message)
        return table, index

    def _summary(self, table: ControlledTable, index: str | None) -> dict[str, Any]:
        insights = table.insights.get(index)
        status = insights.status.status(self.now) if insights else "DISABLED"
        return {
            "TableName": table.moto.name,
            "IndexName": index,
            "ContributorInsightsStatus": status,
            "ContributorInsightsMode": insights.mode if insights and status != "DISABLED" else None,
        }
