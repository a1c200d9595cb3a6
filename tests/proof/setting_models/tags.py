"""Tags: of 60 keys, so that source and target may have too many together."""

from hypothesis import strategies as st

RESTORED = {}


def values(_table):
    return st.dictionaries(st.integers(1, 60).map("key-{}".format), st.sampled_from("abc"), max_size=50)


def content(tags):
    return tags


def written(tags, change):
    return tags | {tag["Key"]: tag["Value"] for tag in change.parameters["Tags"]}
