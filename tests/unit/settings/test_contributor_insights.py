"""plan() and read() of Contributor Insights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import contributor_insights, read
from table_sync.settings.setting import Status
from tests.support.setting_tests import changes, described, index_statuses, statuses


@st.composite
def insights(draw):
    indexes = draw(index_statuses)
    modes = st.sampled_from([None, "THROTTLED_KEYS", "ACCESSED_AND_THROTTLED_KEYS"])
    states = st.sampled_from(["ENABLED", "ENABLING", "DISABLED", "DISABLING", "FAILED"])
    some = draw(
        st.dictionaries(st.sampled_from(["", *indexes]), st.builds(contributor_insights.Insight, states, modes))
    )
    return contributor_insights.ContributorInsights(indexes, some)


@given(source=insights(), target=insights())
def test_insights_of_the_source_become_live_with_their_mode(source, target):
    steps = contributor_insights.plan(source, target)
    reached = dict(target.insights)
    for change in changes(steps):
        name = change.parameters.get("IndexName", "")
        assert change.parameters["ContributorInsightsAction"] == "ENABLE"
        assert source.insights[name].live
        assert target.indexes.get(name, "ACTIVE") == "ACTIVE"
        reached[name] = contributor_insights.Insight("ENABLED", change.parameters.get("ContributorInsightsMode"))
    again = contributor_insights.plan(source, contributor_insights.ContributorInsights(target.indexes, reached))
    assert changes(again) == []
    live = {name for name, insight in source.insights.items() if insight.live}
    assert statuses(steps).count(Status.UNCHANGED) == len(live - {"", *target.indexes})


@pytest.mark.parametrize(
    ("status", "copied"),
    [("ENABLED", True), ("ENABLING", True), ("DISABLING", False), ("DISABLED", False), ("FAILED", False)],
)
def test_insights_that_are_on_or_about_to_be_are_copied(status, copied):
    source = contributor_insights.ContributorInsights({}, {"": contributor_insights.Insight(status, "THROTTLED_KEYS")})
    assert bool(source) is copied
    assert len(contributor_insights.plan(source, contributor_insights.ContributorInsights({}, {}))) == copied


def test_insights_that_aws_gave_up_on_are_named():
    source = contributor_insights.ContributorInsights(
        {"by_day": "ACTIVE"}, {"by_day": contributor_insights.Insight("ENABLED", "THROTTLED_KEYS")}
    )
    failed = {"by_day": contributor_insights.Insight("FAILED", None)}
    (change,) = contributor_insights.plan(source, contributor_insights.ContributorInsights(source.indexes, failed))
    assert "index by_day are FAILED" in change.undone


def test_insights_on_every_page_are_read(answer):
    request = {"TableName": "orders"}
    of_table = {"TableName": "orders", "ContributorInsightsStatus": "ENABLED"}
    of_index = of_table | {"IndexName": "by_day"}
    first = {"ContributorInsightsSummaries": [of_table], "NextToken": "next"}
    answer("dynamodb", "list_contributor_insights", request, first)
    last = {"ContributorInsightsSummaries": [of_index]}
    answer("dynamodb", "list_contributor_insights", request | {"NextToken": "next"}, last)
    assert read(contributor_insights, described()).insights.keys() == {"", "by_day"}
