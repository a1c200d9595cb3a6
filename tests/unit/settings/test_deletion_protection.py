"""plan() of deletion protection."""

import pytest

from table_sync.settings import deletion_protection
from table_sync.settings.setting import Change
from tests.support.setting_tests import described


@pytest.mark.parametrize(("source", "target"), [(False, False), (False, True), (True, False), (True, True)])
def test_deletion_protection_is_turned_on_and_never_off(source, target):
    steps = deletion_protection.plan(source, target)
    expected = [Change("UpdateTable", {"DeletionProtectionEnabled": True})] if source and not target else []
    assert steps == expected


def test_it_is_on_at_once(answer):
    parameters = {"DeletionProtectionEnabled": True}
    description = {"TableDescription": {"TableStatus": "UPDATING", "DeletionProtectionEnabled": True}}
    answer("dynamodb", "update_table", {"TableName": "orders", **parameters}, description)
    assert deletion_protection.apply(Change("UpdateTable", parameters), described()) == ""
