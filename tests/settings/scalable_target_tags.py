"""Tags of two scalable targets, of the table and of an index that may be missing."""

from hypothesis import strategies as st

from table_sync.settings.attached_tags import Tagged
from table_sync.settings.scalable_target_tags import ScalableTargets
from tests.settings import TARGET

WRITE = ("application-autoscaling:TagResource", "ResourceARN")
NEEDS = "auto_scaling"


def give(_aws, _name, _region):
    """Do nothing: a scalable target has them from the start."""


def see(aws, table, region):
    client = aws.client("application-autoscaling", region)
    of_table = f"table/{table['TableName']}"
    indexes = [f"{of_table}/index/{index['IndexName']}" for index in table.get("GlobalSecondaryIndexes", [])]
    pages = client.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="dynamodb", ResourceIds=[of_table, *indexes]
    )
    return {
        f"{target['ResourceId'].removeprefix(of_table)} {target['ScalableDimension']}".strip(): tags
        for page in pages
        for target in page["ScalableTargets"]
        if (tags := client.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"])
    }


OF_TABLE, OF_INDEX = ("", "dynamodb:table:ReadCapacityUnits"), ("by_day", "dynamodb:index:ReadCapacityUnits")


def _targets(table, indexes, tags):
    targets = [OF_TABLE, *((index, OF_INDEX[1]) for index in indexes)]
    return ScalableTargets(indexes, {key: Tagged(f"arn of {table} {key}", tags) for key, tags in zip(targets, tags)})  # noqa: B905 (an index that is missing has no tags)


RESTORED = _targets(TARGET, ("by_day",), ({}, {}))


def values(table):
    tags = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"))
    indexes = st.sampled_from([("by_day",), ("by_day",), ()])
    return st.builds(_targets, st.just(table), indexes, st.tuples(tags, tags))


def content(targets):
    return {(key, tag): value for key, target in targets.targets.items() for tag, value in target.tags.items()}


def written(targets, change):
    (key,) = (key for key, target in targets.targets.items() if target.arn == change.parameters["ResourceARN"])
    tags = {**targets.targets[key].tags, **change.parameters["Tags"]}
    return ScalableTargets(targets.indexes, {**targets.targets, key: Tagged(targets.targets[key].arn, tags)})


_TABLE = ("", "dynamodb:table:ReadCapacityUnits")
DIFFERENCES = [
    (
        ScalableTargets((), {_TABLE: Tagged("arn:source", {"team": "a", "env": "prod"})}),
        ScalableTargets((), {_TABLE: Tagged("arn:target", {"team": "b", "env": "prod"})}),
        ["scalable target dynamodb:table:ReadCapacityUnits: team: a -> b"],
    )
]
