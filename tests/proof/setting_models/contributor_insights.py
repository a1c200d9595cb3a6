"""Contributor Insights of the table and two indexes, one of which may be missing, seen by a boto3 that knows modes."""

from hypothesis import strategies as st

from table_sync.settings.contributor_insights import ContributorInsights, Insight

INDEXES = ("by-customer", "by_day")
MODES = ["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"]
RESTORED = ContributorInsights(dict.fromkeys(INDEXES, "ACTIVE"), {})


@st.composite
def values(draw, _table):
    indexes = dict.fromkeys(draw(st.sampled_from([INDEXES, INDEXES, INDEXES[:1]])), "ACTIVE")
    on = st.builds(Insight, st.just("ENABLED"), st.sampled_from(MODES))
    off = st.builds(Insight, st.sampled_from(["DISABLED", "FAILED"]))
    return ContributorInsights(indexes, draw(st.dictionaries(st.sampled_from(["", *indexes]), on | off)))


def content(insights):
    live = {"ENABLED", "ENABLING"}
    return {name: insight.mode for name, insight in insights.insights.items() if insight.status in live}


def written(insights, change):
    name = change.parameters.get("IndexName", "")
    assert name in {"", *insights.indexes}, "AWS knows no such index"
    assert change.parameters["ContributorInsightsAction"] == "ENABLE"
    mode = change.parameters.get("ContributorInsightsMode", MODES[0])
    return ContributorInsights(insights.indexes, {**insights.insights, name: Insight("ENABLING", mode)})
