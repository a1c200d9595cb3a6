"""plan() and apply() of the table class."""

import itertools

import pytest

from table_sync.errors import AlreadySoError
from table_sync.settings import table_class
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import described, statuses

INFREQUENT = "STANDARD_INFREQUENT_ACCESS"
CLASSES = [
    table_class.TableClass(name, status) for name in ("STANDARD", INFREQUENT) for status in ("ACTIVE", "UPDATING")
]


@pytest.mark.parametrize(("source", "target"), list(itertools.product(CLASSES, repeat=2)))
def test_a_class_is_changed_alone_and_while_the_table_is_active(source, target):
    steps = table_class.plan(source, target)
    if source.name in {"STANDARD", target.name}:
        assert steps == []
    elif target.table_status == "UPDATING":
        assert statuses(steps) == [Status.PENDING]
    else:
        assert steps == [Change("UpdateTable", {"TableClass": source.name})]


def answer_described(answer, name):
    description = {"TableStatus": "ACTIVE", "TableClassSummary": {"TableClass": name}}
    answer("dynamodb", "describe_table", {"TableName": "orders"}, {"Table": description})


@pytest.mark.parametrize(("status", "told"), [("UPDATING", "the target is UPDATING"), ("ACTIVE", "")])
def test_a_table_whose_class_is_being_changed_is_waited_for(answer, status, told):
    parameters = {"TableClass": INFREQUENT}
    answer_described(answer, "STANDARD")
    description = {"TableDescription": {"TableStatus": status}}
    answer("dynamodb", "update_table", {"TableName": "orders", **parameters}, description)
    assert table_class.apply(Change("UpdateTable", parameters), described()) == told


def test_a_class_that_another_attempt_has_changed_is_not_changed_again(answer):
    answer_described(answer, INFREQUENT)
    with pytest.raises(AlreadySoError, match=f"the table class is {INFREQUENT} by now"):
        table_class.apply(Change("UpdateTable", {"TableClass": INFREQUENT}), described())
