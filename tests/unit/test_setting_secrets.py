"""What is secret of a change is not shown, in its text or in an error about it."""

import json

import pytest

from table_sync.settings.setting import Change

CARD = "4929-1234"
PATTERN = json.dumps({"dynamodb": {"NewImage": {"card": {"S": [CARD]}}}})
CRITERIA = {"Filters": [{"Pattern": PATTERN}]}


def change_of(secret):
    return Change("CreateEventSourceMapping", {"FilterCriteria": secret}, secret=frozenset({"FilterCriteria"}))


def test_a_change_is_not_told_by_its_repr_either():
    secret = {"FilterCriteria": CRITERIA}
    change = Change("CreateEventSourceMapping", secret, secret=frozenset(secret), present=secret)
    assert CARD not in repr(change)
    assert CARD not in change.redacted(f"Invalid type for parameter FilterCriteria, value: {CRITERIA}")
    assert change.shown == {"FilterCriteria": "(encrypted)"}


@pytest.mark.parametrize("secret", ["4711\x00", "4711 \N{EURO SIGN}", 'the "4711"'], ids=ascii)
@pytest.mark.parametrize("write", [str, json.dumps, repr], ids=["as it is", "as JSON", "as Python"])
def test_a_secret_is_hidden_however_it_is_written(secret, write):
    assert change_of(secret).redacted(write(secret)).strip("'\"") == "(encrypted)"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("471", "471"), (471, "471"), (True, "True"), ("4711", "(encrypted)"), (4711, "(encrypted)")],
    ids=repr,
)
def test_what_is_too_short_to_tell_anything_is_not_hidden(secret, shown):
    assert change_of(secret).redacted(f"{secret} is refused") == f"{shown} is refused"


def test_a_number_in_json_is_as_secret_as_a_text():
    pattern = json.dumps({"dynamodb": {"NewImage": {"salary": {"N": [{"numeric": [">", 150000]}]}}}})
    change = change_of({"Filters": [{"Pattern": pattern}]})
    assert change.redacted("150000 is not a number") == "(encrypted) is not a number"
