"""Tags: of 60 keys, so that source and target may have too many together."""

from hypothesis import strategies as st

from tests.support.tables import REGION, TAGS

WRITE = ("dynamodb:TagResource", "Tags")


def give(aws, name, region=REGION):
    client = aws.client("dynamodb", region)
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()])


def see(aws, table, region):
    pages = (
        aws.client("dynamodb", region).get_paginator("list_tags_of_resource").paginate(ResourceArn=table["TableArn"])
    )
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


RESTORED = {}


def values(_table):
    return st.dictionaries(st.integers(1, 60).map("key-{}".format), st.sampled_from("abc"), max_size=50)


def content(tags):
    return tags


def written(tags, change):
    return tags | {tag["Key"]: tag["Value"] for tag in change.parameters["Tags"]}


DIFFERENCES = [
    ({"env": "prod", "team": "a"}, {"env": "staging", "team": "a"}, ["env: prod -> staging"]),
    ({"env": "prod"}, {"own": "tag"}, ["env: prod -> (none)"]),
]
