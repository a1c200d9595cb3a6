"""plan() and read() of Contributor Insights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import contributor_insights, read
from table_sync.settings.setting import Change, Status
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


def on(**insights):
    """Return Contributor Insights of a table and an ACTIVE index "by_day", by "table" or index name."""
    named = {"" if name == "table" else name: insight for name, insight in insights.items()}
    return contributor_insights.ContributorInsights({"by_day": "ACTIVE"}, named)


ENABLED = contributor_insights.Insight("ENABLED", "THROTTLED_KEYS")


@pytest.mark.parametrize("status", ["ENABLING", "DISABLING"])
def test_insights_that_aws_works_on_are_pending(status):
    busy = contributor_insights.Insight(status, "ACCESSED_AND_THROTTLED_KEYS")
    steps = contributor_insights.plan(on(table=ENABLED, by_day=ENABLED), on(table=busy, by_day=busy))
    assert [(step.status, step.reason) for step in steps] == [
        (Status.PENDING, f"Contributor Insights of the target are {status}"),
        (Status.PENDING, f"Contributor Insights of index by_day are {status}"),
    ]


def test_insights_of_an_index_that_the_target_lacks_are_left_out():
    (step,) = contributor_insights.plan(on(by_day=ENABLED), contributor_insights.ContributorInsights({}, {}))
    reason = "index by_day is not on the target: its Contributor Insights are left out"
    assert (step.status, step.reason) == (Status.UNCHANGED, reason)


def test_insights_of_an_index_that_is_being_made_are_pending():
    target = contributor_insights.ContributorInsights({"by_day": "CREATING"}, {})
    (step,) = contributor_insights.plan(on(by_day=ENABLED), target)
    assert (step.status, step.reason) == (Status.PENDING, "index by_day of the target is CREATING")


def test_a_change_says_what_it_is_about_and_what_is_there():
    other = contributor_insights.Insight("ENABLED", "ACCESSED_AND_THROTTLED_KEYS")
    of_table, of_index = contributor_insights.plan(on(table=ENABLED, by_day=ENABLED), on(table=other))
    enable = {"ContributorInsightsAction": "ENABLE"}
    assert of_table.subject == "Contributor Insights of the table"
    assert of_table.present == enable | {"ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS"}
    assert (of_index.subject, of_index.present) == ("Contributor Insights of index by_day", None)
    (without_mode,) = contributor_insights.plan(on(table=ENABLED), on(table=contributor_insights.Insight("ENABLED")))
    assert without_mode.present == enable


def test_what_is_off_is_not_fetched_and_the_rest_in_the_order_of_names(answer):
    summaries = [
        {"TableName": "orders", "IndexName": "late", "ContributorInsightsStatus": "ENABLED"},
        {"TableName": "orders", "IndexName": "early", "ContributorInsightsStatus": "FAILED"},
        {"TableName": "orders", "IndexName": "off", "ContributorInsightsStatus": "DISABLED"},
        {"TableName": "orders", "ContributorInsightsStatus": "ENABLING"},
    ]
    answer(
        "dynamodb",
        "list_contributor_insights",
        {"TableName": "orders"},
        {"ContributorInsightsSummaries": summaries},
    )
    found = contributor_insights.fetch(described())["ContributorInsightsSummaries"]
    assert [summary.get("IndexName") for summary in found] == [None, "early", "late"]


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ({"ContributorInsightsStatus": "ENABLING"}, "are ENABLING"),
        ({}, "are ENABLING"),
        ({"ContributorInsightsStatus": "ENABLED"}, ""),
    ],
)
@pytest.mark.parametrize(("index", "what"), [({}, "the target"), ({"IndexName": "by_day"}, "index by_day")])
def test_insights_that_are_not_on_yet_are_waited_for(answer, index, what, answered, told):
    parameters = {"ContributorInsightsAction": "ENABLE", **index}
    answer("dynamodb", "update_contributor_insights", {"TableName": "orders", **parameters}, answered)
    change = Change("UpdateContributorInsights", parameters)
    assert contributor_insights.apply(change, described()) == (told and f"Contributor Insights of {what} {told}")
