"""plan() of the table class."""

from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import table_class
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import statuses

classes = st.builds(
    table_class.TableClass,
    st.sampled_from(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
    st.sampled_from(["ACTIVE", "UPDATING"]),
)


@given(source=classes, target=classes)
def test_a_class_is_changed_alone_and_while_the_table_is_active(source, target):
    steps = table_class.plan(source, target)
    if source.name in {"STANDARD", target.name}:
        assert steps == []
    elif target.table_status == "UPDATING":
        assert statuses(steps) == [Status.PENDING]
    else:
        assert steps == [Change("UpdateTable", {"TableClass": source.name})]
