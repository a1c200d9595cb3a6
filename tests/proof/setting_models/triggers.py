"""Lambda triggers whose filters can be read."""

from hypothesis import strategies as st

from table_sync.settings.triggers import EventSourceMapping

FUNCTIONS = [f"arn:aws:lambda:eu-west-1:123456789012:function:{name}" for name in ("audit", "index:live", "index:2")]
RESTORED = {}


def values(_table):
    return st.lists(_mappings(), unique_by=lambda mapping: mapping.parameters["FunctionName"]).map(
        lambda mappings: {mapping.parameters["FunctionName"]: mapping for mapping in mappings}
    )


def _mappings():
    optional = {
        "BatchSize": st.sampled_from([1, 100]),
        "MaximumRetryAttempts": st.sampled_from([-1, 0, 5]),
        "FilterCriteria": st.just({"Filters": [{"Pattern": "{}"}]}),
    }
    parameters = st.fixed_dictionaries({"FunctionName": st.sampled_from(FUNCTIONS)}, optional=optional)
    return st.builds(
        lambda parameters, enabled: EventSourceMapping(
            "Enabled" if enabled else "Disabled", parameters | {"Enabled": enabled}
        ),
        parameters,
        st.booleans(),
    )


def content(mappings):
    return {function: mapping.parameters for function, mapping in mappings.items()}


def written(mappings, change):
    function = change.parameters["FunctionName"]
    assert function not in mappings, "AWS refuses a second mapping"
    return {**mappings, function: EventSourceMapping("Creating", change.parameters)}
