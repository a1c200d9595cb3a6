"""Deletion protection."""

from hypothesis import strategies as st

from tests.support.tables import REGION, wait_until_active

WRITE = ("dynamodb:UpdateTable", "DeletionProtectionEnabled")
NEWER_FIELD = ("dynamodb", "TableDescription", "DeletionProtectionEnabled")


def give(aws, name, region=REGION):
    wait_until_active(aws, name, region)
    aws.client("dynamodb", region).update_table(TableName=name, DeletionProtectionEnabled=True)


def see(_aws, table, _region):
    return table["DeletionProtectionEnabled"]


RESTORED = False


def values(_table):
    return st.booleans()


def content(protected):
    return {"protected": True} if protected else {}


def written(_protected, change):
    assert change.parameters["DeletionProtectionEnabled"] is True
    return True


DIFFERENCES = [(True, False, ["DeletionProtectionEnabled: true -> false"])]
