"""Deletion protection."""

from hypothesis import strategies as st

RESTORED = False


def values(_table):
    return st.booleans()


def content(protected):
    return {"protected": True} if protected else {}


def written(_protected, change):
    assert change.parameters["DeletionProtectionEnabled"] is True
    return True
