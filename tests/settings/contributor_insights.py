"""Contributor Insights of the table and two indexes, one of which may be missing, seen by a boto3 that knows modes."""

from hypothesis import strategies as st

from table_sync.settings.contributor_insights import ContributorInsights, Insight
from tests.support.tables import INDEXES, REGION

WRITE = ("dynamodb:UpdateContributorInsights", "ContributorInsightsAction")
NEWER_FIELD = ("dynamodb", "ContributorInsightsSummary", "ContributorInsightsMode")


def give(aws, name, region=REGION):
    """Turn Contributor Insights on: for throttled keys on the table, for all keys on an index."""
    client = aws.client("dynamodb", region)
    client.update_contributor_insights(
        TableName=name, ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
    )
    client.update_contributor_insights(TableName=name, IndexName=INDEXES[0], ContributorInsightsAction="ENABLE")


def see(aws, table, region):
    client = aws.client("dynamodb", region)
    found = {}
    for index in (None, *(index["IndexName"] for index in table.get("GlobalSecondaryIndexes", []))):
        names = {"TableName": table["TableName"]} | ({"IndexName": index} if index else {})
        answer = client.describe_contributor_insights(**names)
        if answer["ContributorInsightsStatus"] in {"ENABLED", "ENABLING"}:
            found[index or ""] = answer["ContributorInsightsMode"]
    return found


MODES = ["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"]
RESTORED = ContributorInsights(dict.fromkeys(INDEXES, "ACTIVE"), {})


def values(_table):
    on = st.builds(Insight, st.just("ENABLED"), st.sampled_from(MODES))
    off = st.builds(Insight, st.sampled_from(["DISABLED", "FAILED"]))
    of_indexes = [
        st.builds(
            ContributorInsights,
            st.just(dict.fromkeys(indexes, "ACTIVE")),
            st.dictionaries(st.sampled_from(["", *indexes]), on | off),
        )
        for indexes in (INDEXES, INDEXES, INDEXES[:1])
    ]
    return st.one_of(of_indexes)


def content(insights):
    live = {"ENABLED", "ENABLING"}
    return {name: insight.mode for name, insight in insights.insights.items() if insight.status in live}


def written(insights, change):
    name = change.parameters.get("IndexName", "")
    assert name in {"", *insights.indexes}, "AWS knows no such index"
    assert change.parameters["ContributorInsightsAction"] == "ENABLE"
    mode = change.parameters.get("ContributorInsightsMode", MODES[0])
    return ContributorInsights(insights.indexes, {**insights.insights, name: Insight("ENABLING", mode)})


DIFFERENCES = [
    (
        ContributorInsights({}, {"": Insight("ENABLED", "THROTTLED_KEYS")}),
        ContributorInsights({}, {"": Insight("ENABLED", "ACCESSED_AND_THROTTLED_KEYS")}),
        ["Contributor Insights of the table: ContributorInsightsMode: THROTTLED_KEYS -> ACCESSED_AND_THROTTLED_KEYS"],
    )
]
