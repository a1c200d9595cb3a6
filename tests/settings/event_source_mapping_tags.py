"""Tags of two event source mappings."""

from hypothesis import strategies as st

from table_sync.settings.attached_tags import Tagged
from table_sync.settings.event_source_mapping_tags import Mappings
from tests.settings import TARGET

WRITE = ("lambda:TagResource", "Tags")
NEEDS = "triggers"


def give(_aws, _name, _region):
    """Do nothing: a trigger has them from the start."""


def see(aws, table, region):
    if not table.get("StreamSpecification", {}).get("StreamEnabled"):
        return {}
    client = aws.client("lambda", region)
    pages = client.get_paginator("list_event_source_mappings").paginate(EventSourceArn=table["LatestStreamArn"])
    return {
        mapping["FunctionArn"]: tags
        for page in pages
        for mapping in page["EventSourceMappings"]
        if (tags := client.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"])
    }


FUNCTIONS = [f"arn:aws:lambda:eu-west-1:123456789012:function:{name}" for name in ("audit", "index:live")]


def _mappings(table, tags):
    pairs = zip(FUNCTIONS, tags, strict=True)
    return Mappings({function: Tagged(f"arn of {table} to {function}", tags) for function, tags in pairs})


RESTORED = _mappings(TARGET, ({}, {}))


def values(table):
    tags = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"))
    return st.builds(_mappings, st.just(table), st.tuples(tags, tags))


def content(mappings):
    return {(function, tag): value for function, mapping in mappings.items() for tag, value in mapping.tags.items()}


def written(mappings, change):
    (function,) = (name for name, mapping in mappings.items() if mapping.arn == change.parameters["Resource"])
    tags = {**mappings[function].tags, **change.parameters["Tags"]}
    return Mappings({**mappings, function: Tagged(mappings[function].arn, tags)})


DIFFERENCES = [
    (
        {FUNCTIONS[0]: Tagged("arn:source", {"team": "a", "env": "prod"})},
        {FUNCTIONS[0]: Tagged("arn:target", {"team": "b", "env": "prod"})},
        [f"the mapping to {FUNCTIONS[0]}: team: a -> b"],
    )
]
