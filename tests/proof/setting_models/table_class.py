"""The table class."""

from hypothesis import strategies as st

from table_sync.settings.table_class import TableClass

RESTORED = TableClass("STANDARD", "ACTIVE")


def values(_table):
    return st.builds(TableClass, st.sampled_from(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]), st.just("ACTIVE"))


def content(table_class):
    return {} if table_class.name == "STANDARD" else {"class": table_class.name}


def written(_table_class, change):
    return TableClass(change.parameters["TableClass"], "UPDATING")
