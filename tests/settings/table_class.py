"""The table class."""

from hypothesis import strategies as st

from table_sync.settings.table_class import TableClass
from tests.support.tables import REGION, wait_until_active

WRITE = ("dynamodb:UpdateTable", "TableClass")
NEWER_FIELD = ("dynamodb", "TableDescription", "TableClassSummary")


def give(aws, name, region=REGION):
    """Make it a table of the infrequent access class."""
    wait_until_active(aws, name, region)
    aws.client("dynamodb", region).update_table(TableName=name, TableClass="STANDARD_INFREQUENT_ACCESS")
    wait_until_active(aws, name, region)


def see(_aws, table, _region):
    return table.get("TableClassSummary", {}).get("TableClass", "STANDARD")


RESTORED = TableClass("STANDARD", "ACTIVE")


def values(_table):
    return st.builds(TableClass, st.sampled_from(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]), st.just("ACTIVE"))


def content(table_class):
    return {} if table_class.name == "STANDARD" else {"class": table_class.name}


def written(_table_class, change):
    return TableClass(change.parameters["TableClass"], "UPDATING")


DIFFERENCES = [
    (
        TableClass("STANDARD_INFREQUENT_ACCESS", "ACTIVE"),
        TableClass("STANDARD", "ACTIVE"),
        ["TableClass: STANDARD_INFREQUENT_ACCESS -> STANDARD"],
    )
]
